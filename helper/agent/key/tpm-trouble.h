/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What went wrong in the part that talks to the TPM, without the agent's own errors: they are the
 * agent's, which registers them once.
 */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <devid/result.h>

struct tpm_trouble {
	enum devid_result result; /* DEVID_OK: nothing */
	const char *reason;	  /* static; NULL: the result's own */
	char words[200];
};

/* Answers false; `trouble` may be NULL. */
bool tpm_trouble(struct tpm_trouble *trouble, enum devid_result result, const char *reason,
		 const char *format, ...) G_GNUC_PRINTF(4, 5);
