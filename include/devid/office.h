/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The office: networks behind the site's own gateway, in which no device certificate is asked for.
 * What can't be told is not the office.
 */
#ifndef DEVID_OFFICE_H
#define DEVID_OFFICE_H

#include <devid/policy.h>

#ifdef __cplusplus
extern "C" {
#endif

enum devid_office_how {
	DEVID_OFFICE_PROBE, /* everything: also names and servers are asked; at most about 3 s */
	/* what needs no packet sent: the gateway's address and MAC. For the agent, which has no
	 * network, and before there is one; an office with another criterion is then not told
	 */
	DEVID_OFFICE_LOOK,
};

struct devid_office_report {
	enum devid_origin origin;
	const char *office; /* its name; NULL: none. Both strings are the report's */
	char *message;	    /* a clause for each office that it is not, or how it was told */
};

/* Finds out whether this machine stands in one of the account's [Office] networks. Without offices:
 * DEVID_ORIGIN_REMOTE; with one that could not be told, and none that it is, DEVID_ORIGIN_UNKNOWN.
 * Returns DEVID_OK; the caller frees with devid_office_free(), which takes NULL too.
 */
DEVID_PUBLIC enum devid_result
devid_office_find(const struct devid_account *account, enum devid_office_how how,
		  struct devid_office_report **report) DEVID_MUST_USE;
DEVID_PUBLIC void devid_office_free(struct devid_office_report *report);
/* How many [Office] sections the account has. */
DEVID_PUBLIC size_t devid_account_office_count(const struct devid_account *account);

#ifdef __cplusplus
}
#endif
#endif
