/* Judging one identity: the chain check, who could copy the key, and OnUse=, which says what a failed check means. */
#include <internal/path.h>

#include "agent/identity/subject.h"
#include "base/error.h"
#include "judgement.h"

struct judgement *judgement_ref(struct judgement *judgement)
{
	g_atomic_ref_count_inc(&judgement->references);
	return judgement;
}

void judgement_unref(struct judgement *judgement)
{
	if (!judgement || !g_atomic_ref_count_dec(&judgement->references))
		return;
	devid_verdict_free(judgement->verdict);
	g_clear_error(&judgement->problem);
	g_free(judgement);
}

/* RequireProtection=: who could copy the key from where it rests. */
static void judge_protection(const struct subject *subject, enum half half,
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
	has = subject->store->protection(half);
	if (has < required)
		devid_error_set(problem, DEVID_BLOCKED, "protection", NULL,
				"%s: its key can be copied by %s, and the account asks for keys "
				"that only %s can copy",
				subject->label, who[has], who[required]);
}

struct judgement *judgement_new(const struct devid_account *account, enum half half,
				const struct subject *subject, time_t now)
{
	struct judgement *judgement = g_new0(struct judgement, 1);
	enum devid_on_use on_use = account ? devid_account_on_use(account) : DEVID_ON_USE_ENFORCE;

	g_atomic_ref_count_init(&judgement->references);
	/* A broken account says nothing, so it can't say that it doesn't bind. */
	if (account && devid_account_state(account) == DEVID_ACCOUNT_UNUSABLE)
		on_use = DEVID_ON_USE_ENFORCE;
	if (on_use == DEVID_ON_USE_OFF ||
	    (account && devid_account_state(account) == DEVID_ACCOUNT_NONE))
		return judgement;
	judgement->refuse = on_use == DEVID_ON_USE_ENFORCE;
	if (!account || devid_check(account, subject->chain, subject->chain_count, now,
				    &judgement->verdict) != DEVID_OK) {
		judgement->verdict = NULL;
		judgement->refuse = TRUE;
		devid_error_set(&judgement->problem, DEVID_NO_MEMORY, NULL, NULL,
				"%s: it could not be checked", subject->label);
	} else if (judgement->verdict->result != DEVID_OK) {
		devid_error_set_verdict(&judgement->problem, judgement->verdict);
	} else {
		judge_protection(subject, half, devid_account_require_protection(account),
				 &judgement->problem);
	}
	return judgement;
}
