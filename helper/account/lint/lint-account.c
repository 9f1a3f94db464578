/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Findings of the rest of the account: signing certificates, revocation, offices, overrides. */
#include "account/office/office-keys.h"
#include "account/policy/policy.h"
#include "lint-finding.h"
#include "lint.h"

#define SECONDS_A_DAY 86400

static bool is_required(const struct lint *lint)
{
	for (int os = 0; os < DEVID_OS_COUNT; os++)
		if (lint->policy->settings.of[os] == DEVID_SETTING_REQUIRE)
			return true;
	return false;
}

void lint_signing_missing(struct lint *lint)
{
	if (!lint->account->signing->len && is_required(lint))
		lint_add(lint, NULL,
			 "certificates are required, and none can be accepted: the account has no "
			 "signing certificate");
}

void lint_signing_expired(struct lint *lint, const void *item)
{
	const struct devid_signing *signing = item;

	if (gnutls_x509_crt_get_expiration_time(signing->certificate) < lint->now)
		lint_add(lint, g_strdup(signing->path),
			 "signing certificate %s has expired: what began after its end is not "
			 "accepted",
			 signing->name);
}

/* Within the account's ExpiryWarning=. */
void lint_signing_expiring(struct lint *lint, const void *item)
{
	const struct devid_signing *signing = item;
	time_t until = lint->now + (time_t)lint->account->expiry_warning * SECONDS_A_DAY;
	time_t ends = gnutls_x509_crt_get_expiration_time(signing->certificate);

	if (ends >= lint->now && ends < until)
		lint_add(lint, g_strdup(signing->path), "signing certificate %s ends in %d days",
			 signing->name, (int)((ends - lint->now) / SECONDS_A_DAY));
}

void lint_revocation(struct lint *lint)
{
	const struct revocation *revocation = &lint->account->revocation;

	if (revocation->serials || revocation->lists || lint->account->serials_file)
		lint_add(lint, g_strdup("[Revocation]"),
			 "revocation binds only where a gateway runs devid verify: who holds a "
			 "revoked key decides what runs on their own machine");
}

void lint_office_spoofed(struct lint *lint, const void *item)
{
	const struct office *office = item;

	if (!office->probe)
		lint_add(lint, g_strdup_printf("[Office %s]", office->name),
			 "office %s is told by what any network can say of itself: whoever "
			 "runs one is not asked for a certificate",
			 office->name);
}

void lint_override_idle(struct lint *lint, const void *item)
{
	const struct policy_user *user = item;
	bool differs = false;

	for (int os = 0; os < DEVID_OS_COUNT; os++)
		differs |= user->settings.given[os] &&
			   user->settings.of[os] != lint->policy->settings.of[os];
	if (user->override && !differs)
		lint_add(lint, g_strdup_printf("[User %s]", user->name),
			 "Override=yes changes nothing: the account's settings are the same");
}
