/* A decision while it is made. */
#ifndef ACCOUNT_DECIDE_H
#define ACCOUNT_DECIDE_H

#include "account-private.h"

struct deciding {
	const struct devid_account *account;
	const struct devid_question *question;
	struct devid_decision *decision;
	struct who who;
	gboolean has_origin;
	enum devid_origin origin;
	enum devid_answer *profiles; /* by their order in the account; 0: not asked yet */
};

/* The answers, each asked for when it is first needed. */
enum devid_origin deciding_origin(struct deciding *deciding);
enum devid_answer deciding_profile(struct deciding *deciding, const char *name);

/* decide-rule.c: whether a rule matches; NULL, or why not (free it). *posture: as in devid_rule_step. */
char *rule_mismatch(const struct policy_rule *rule, struct deciding *deciding, bool *posture);

#endif
