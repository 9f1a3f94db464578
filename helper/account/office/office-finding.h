/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a criterion of an office found. */
#pragma once

#include <glib.h>
#include <devid/policy.h>

/* What a criterion found; `words` is a clause, always made. */
struct office_finding {
	enum devid_answer answer;
	char *words;
};
/* Fills the finding: for the last statement of a criterion. */
void office_found(struct office_finding *finding, enum devid_answer answer, const char *format, ...)
	G_GNUC_PRINTF(3, 4);
