/* What administrators fall into, found in an account that is sound: a table of findings (lint.c). */
#ifndef ACCOUNT_LINT_H
#define ACCOUNT_LINT_H

#include <time.h>
#include "account-private.h"

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

struct lint_row {
	const char *word;
	const char *hint;
	void (*look)(struct lint *lint);
};

/* NULL after the last. */
const struct lint_row *lint_row(gsize index);
/* Everything that is found, in the order of the table; free with g_ptr_array_unref(). */
GPtrArray *lint_account(const struct devid_account *account, time_t now);

/* For the rows' functions. `place` is taken over; it may be NULL. */
void lint_add(struct lint *lint, char *place, const char *format, ...) G_GNUC_PRINTF(3, 4);
char *lint_rule_place(const struct policy_rule *rule);

/* lint-rules.c */
void lint_systems_blocked(struct lint *lint);
void lint_others_blocked(struct lint *lint);
void lint_override_blocked(struct lint *lint);
void lint_rule_off(struct lint *lint);
void lint_rule_shadowed(struct lint *lint);
void lint_rule_no_system(struct lint *lint);
void lint_rule_no_office(struct lint *lint);
void lint_rule_profiles(struct lint *lint);
/* lint-names.c */
void lint_name_unknown(struct lint *lint);
void lint_name_is_group(struct lint *lint);
void lint_group_twice(struct lint *lint);
void lint_group_nested(struct lint *lint);
/* lint-account.c */
void lint_signing_missing(struct lint *lint);
void lint_signing_expired(struct lint *lint);
void lint_signing_expiring(struct lint *lint);
void lint_revocation(struct lint *lint);
void lint_office_spoofed(struct lint *lint);
void lint_certificate_off(struct lint *lint);
void lint_override_idle(struct lint *lint);
void lint_profile_unused(struct lint *lint);

/* Whether a profile asks for what can't be at once; NULL or the words. */
char *lint_contradiction(const struct policy *policy, const char *profile);

#endif
