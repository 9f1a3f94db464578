/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an administrator fell into, as the rows of lint.c tell it. */
#pragma once

#include <time.h>
#include "account/account-private.h"

struct lint_finding {
	const char *word; /* stable: "systems-blocked" */
	char *place;	  /* "FILE:LINE" or a section, or NULL */
	char *message;	  /* one sentence */
	const char *hint;
};

struct lint {
	const struct devid_account *account;
	const struct policy *policy;
	time_t now;
	GPtrArray *findings; /* struct lint_finding * */
	const struct lint_row *row;
};

typedef void lint_look_fn(struct lint *lint);
typedef void lint_item_fn(struct lint *lint, const void *item);

struct lint_row {
	const char *word;
	const char *hint;
	/* Finds it in the whole account; or, with the list that stands behind, in each of these. */
	lint_look_fn *look;
	lint_item_fn *look_at;
	gsize list; /* a GPtrArray of struct devid_account */
};

void lint_finding_free(void *finding);
/* For the rows' functions. `place` is taken over; it may be NULL. */
void lint_add(struct lint *lint, char *place, const char *format, ...) G_GNUC_PRINTF(3, 4);
char *lint_rule_place(const struct policy_rule *rule);
