/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of causes: the stable word that --json and events carry, and its words for people. All
 * of it is static; devid-troubleshooting(7) lists it.
 */
#ifndef DEVID_REASON_H
#define DEVID_REASON_H

#include <stddef.h>
#include <devid/result.h>

#ifdef __cplusplus
extern "C" {
#endif

struct devid_reason {
	const char *word; /* "issuer-unknown", "expired", "store-locked", … */
	enum devid_result result;
	const char *cause; /* one sentence for a person */
	const char *hint;  /* what to do; NULL where there is nothing to do */
	const char *also;  /* what clients of comparable services show for it; may be NULL */
};

/* Every row, in table order, ended by count. */
DEVID_PUBLIC const struct devid_reason *devid_reasons(size_t *count);
/* NULL for an unknown word. */
DEVID_PUBLIC const struct devid_reason *devid_reason_find(const char *word);
/* The row that stands for a result when nothing more is known; never NULL. */
DEVID_PUBLIC const struct devid_reason *devid_reason_for(enum devid_result result);

#ifdef __cplusplus
}
#endif
#endif
