/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every user's identities, for root: their records alone, never their keys or keyrings. */
#include <devid/reason.h>

#include "base/error.h"
#include "base/moment.h"
#include "identity/all-users.h"
#include "identity/describe.h"
#include "identity/list.h"
#include "identity/verdict.h"
#include "support.h"

struct survey {
	struct doctor *doctor;
	struct identity_list *list;
};

static void add_record(const struct user_home *user, struct record *record, void *data)
{
	const struct survey *survey = data;

	identity_list_append_user(survey->list, record, user->name);
}

static void add_trouble(const struct user_home *user, const char *why, void *data)
{
	const struct survey *survey = data;

	doctor_tell(survey->doctor, OUTCOME_WARN, NULL, "%s: %s; skipped", user->name, why);
}

/* By the machine's account: a user's own is nothing that root goes by. */
static void look_at_user(struct doctor *doctor, const struct identity *identity)
{
	const struct devid_account *account = doctor_account(doctor, SCOPE_SYSTEM);
	g_autoptr(devid_verdict) verdict = verdict_assess(identity, account, NULL);
	time_t ends = identity->chain_count == 0
			      ? 0
			      : gnutls_x509_crt_get_expiration_time(identity->chain[0]);
	g_autofree char *days = moment_days(ends, time(NULL));

	if (!verdict)
		return;
	if (identity->chain_count == 0)
		doctor_tell(doctor, OUTCOME_WARN, NULL,
			    "%s: %s: half an identity, without a certificate that can be read",
			    identity->user, identity->record->label);
	else if (verdict->result != DEVID_OK && verdict->result != DEVID_NO_ACCOUNT)
		doctor_tell(doctor, OUTCOME_WARN, verdict->hint, "%s: %s: refused: %s",
			    identity->user, identity->record->label, verdict->message);
	else if (describe_ends_soon(ends, time(NULL), account))
		doctor_tell(doctor, OUTCOME_WARN, devid_reason_find("expires-soon")->hint,
			    "%s: %s: ends soon: %s", identity->user, identity->record->label, days);
	else
		doctor_tell(doctor, OUTCOME_PASS, NULL, "%s: %s: %s, %s", identity->user,
			    identity->record->label, verdict_word(verdict), days);
}

void doctor_users(struct doctor *doctor)
{
	struct survey survey = { doctor, identity_list_load(false, false, NULL) };
	const struct all_users walk = { add_record, add_trouble, &survey };
	g_autoptr(GError) error = NULL;

	if (!survey.list)
		return;
	if (!all_users_walk(&walk, &error))
		doctor_tell(doctor, OUTCOME_FAIL, devid_error_hint(error), "%s", error->message);
	for (size_t i = 0; i < identity_list_count(survey.list); i++)
		look_at_user(doctor, identity_list_get(survey.list, i));
	identity_list_free(survey.list);
}
