/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The account and its signing certificates. */
#include <devid/reason.h>

#include "base/moment.h"
#include "command/cli/account.h"
#include "identity/describe.h"
#include "support.h"

void doctor_account_file(struct doctor *doctor)
{
	const struct devid_account *account = doctor_account(doctor, SCOPE_USER);

	if (devid_account_state(account) == DEVID_ACCOUNT_NONE)
		doctor_tell(doctor, OUTCOME_WARN, devid_reason_for(DEVID_NO_ACCOUNT)->hint,
			    "there is none: nothing is checked before a key is used");
	else if (devid_account_state(account) == DEVID_ACCOUNT_UNUSABLE)
		doctor_tell(doctor, OUTCOME_FAIL, devid_reason_for(DEVID_ACCOUNT_BROKEN)->hint,
			    "%s", devid_account_problem(account));
	else
		doctor_tell(doctor, OUTCOME_PASS, NULL, "%s%s%s: OnUse=%s",
			    devid_account_folder(account), !devid_account_name(account) ? "" : ", ",
			    !devid_account_name(account) ? "" : devid_account_name(account),
			    account_on_use_word(account));
}

/* What is over a limit makes the account broken; here are the ends. */
static void look_at_signing(struct doctor *doctor, const struct devid_account *account,
			    const struct devid_signing *signing)
{
	time_t now = time(NULL);
	time_t begins = gnutls_x509_crt_get_activation_time(signing->certificate);
	time_t ends = gnutls_x509_crt_get_expiration_time(signing->certificate);
	g_autofree char *days = moment_days(ends, now), *since = moment_utc(begins);

	if (now < begins)
		doctor_tell(doctor, OUTCOME_WARN, devid_reason_find("chain-not-yet-valid")->hint,
			    "%s: not valid before %s", signing->name, since);
	else if (now > ends)
		doctor_tell(doctor, OUTCOME_WARN,
			    "it serves certificates from before its end: devid ca list says which",
			    "%s: %s", signing->name, days);
	else if (describe_ends_soon(ends, now, account))
		doctor_tell(doctor, OUTCOME_WARN, devid_reason_find("signing-expires-soon")->hint,
			    "%s: %s", signing->name, days);
	else
		doctor_tell(doctor, OUTCOME_PASS, NULL, "%s: %zu of at most %zu bytes, %s",
			    signing->name, signing->pem_size, devid_account_signing_limit(account),
			    days);
}

void doctor_signing(struct doctor *doctor)
{
	const struct devid_account *account = doctor_account(doctor, SCOPE_USER);

	if (devid_account_state(account) != DEVID_ACCOUNT_READY) {
		doctor_tell(doctor, OUTCOME_SKIP, NULL, "%s", doctor_no_account(account));
		return;
	}
	if (devid_account_signing_count(account) == 0)
		doctor_tell(doctor, OUTCOME_FAIL, devid_reason_find("no-signing-certificate")->hint,
			    "the account has none: no device certificate can be accepted");
	for (size_t i = 0; i < devid_account_signing_count(account); i++)
		look_at_signing(doctor, account, devid_account_signing(account, i));
}
