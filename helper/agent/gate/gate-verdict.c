/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Judging one identity: the chain check, who could copy the key, and OnUse=, which says what a
 * failed check means. */
#include <internal/path.h>

#include "agent/identity/subject.h"
#include "base/error.h"
#include "gate-verdict.h"

struct gate_verdict *gate_verdict_ref(struct gate_verdict *gate_verdict)
{
	g_atomic_ref_count_inc(&gate_verdict->references);
	return gate_verdict;
}

void gate_verdict_unref(struct gate_verdict *gate_verdict)
{
	if (!gate_verdict || !g_atomic_ref_count_dec(&gate_verdict->references))
		return;
	devid_verdict_free(gate_verdict->verdict);
	g_clear_error(&gate_verdict->problem);
	g_free(gate_verdict);
}

/* RequireProtection=: who could copy the key from where it rests. */
static void judge_protection(const struct subject *subject, enum scope scope,
			     enum devid_protection required, GError **problem)
{
	static const char *const who[] = {
		[DEVID_PROTECTION_NONE] = "anybody",
		[DEVID_PROTECTION_USER] = "its user",
		[DEVID_PROTECTION_ROOT] = "root",
		[DEVID_PROTECTION_HARDWARE] = "nobody",
	};
	enum devid_protection has;

	if (!subject->store)
		return;
	has = subject->store->protection(scope);
	if (has < required)
		devid_error_set(problem, DEVID_BLOCKED, "protection", NULL,
				"%s: its key can be copied by %s, and the account asks for keys "
				"that only %s can copy",
				subject->label, who[has], who[required]);
}

struct gate_verdict *gate_verdict_new(const struct devid_account *account, enum scope scope,
				      const struct subject *subject, time_t now)
{
	struct gate_verdict *gate_verdict = g_new0(struct gate_verdict, 1);
	enum devid_on_use on_use = account ? devid_account_on_use(account) : DEVID_ON_USE_ENFORCE;

	g_atomic_ref_count_init(&gate_verdict->references);
	/* A broken account says nothing, so it can't say that it doesn't bind. */
	if (account && devid_account_state(account) == DEVID_ACCOUNT_UNUSABLE)
		on_use = DEVID_ON_USE_ENFORCE;
	if (on_use == DEVID_ON_USE_OFF ||
	    (account && devid_account_state(account) == DEVID_ACCOUNT_NONE))
		return gate_verdict;
	gate_verdict->refuse = on_use == DEVID_ON_USE_ENFORCE;
	if (!account || devid_check(account, subject->chain, subject->chain_count, now,
				    &gate_verdict->verdict) != DEVID_OK) {
		gate_verdict->verdict = NULL;
		gate_verdict->refuse = TRUE;
		devid_error_set(&gate_verdict->problem, DEVID_NO_MEMORY, NULL, NULL,
				"%s: it could not be checked", subject->label);
	} else if (gate_verdict->verdict->result != DEVID_OK) {
		devid_error_set_verdict(&gate_verdict->problem, gate_verdict->verdict);
	} else {
		judge_protection(subject, scope, devid_account_require_protection(account),
				 &gate_verdict->problem);
	}
	return gate_verdict;
}
