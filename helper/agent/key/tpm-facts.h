/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a TPM says of itself. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include "key.h"
#include "tpm-trouble.h"

struct tpm_facts {
	bool lent; /* by the machine's agent, and nothing else is known */
	char manufacturer[5];
	guint32 firmware[2];
	bool owner_auth; /* its owner's authorisation is set */
	bool locked_out; /* by the dictionary attack logic, which does not concern our keys */
	guint32 failed, failed_most, recovery_seconds;
	const char *srk; /* what lies at 0x81000001: "none", "EC", "RSA" */
	/* The names of that one, and of the owner's primary; empty: there is none, or it can't be
	 * made. */
	char srk_name[KEY_PARENT_NAME], owner_name[KEY_PARENT_NAME];
};

/* Of the part, as its other functions. */
bool tpm_facts_read(struct tpm_facts *facts, struct tpm_trouble *trouble);
