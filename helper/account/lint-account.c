/* Findings of the rest of the account: signing certificates, revocation, offices, profiles, overrides. */
#include <string.h>
#include "conf.h"
#include "lint.h"
#include "office.h"
#include "posture.h"

#define SECONDS_A_DAY 86400

static gboolean is_required(const struct lint *lint)
{
	for (int os = 0; os < DEVID_OS_COUNT; os++)
		if (lint->policy->settings.of[os] == DEVID_SETTING_REQUIRE)
			return TRUE;
	return FALSE;
}

void lint_signing_missing(struct lint *lint)
{
	if (!lint->account->signing->len && is_required(lint))
		lint_add(lint, NULL,
			 "certificates are required, and none can be accepted: the account has no "
			 "signing certificate");
}

/* `soon`: those that end within the account's ExpiryWarning=; else those that have ended. */
static void look_at_signing(struct lint *lint, gboolean soon)
{
	time_t until = lint->now + (time_t)lint->account->expiry_warning * SECONDS_A_DAY;

	for (guint i = 0; i < lint->account->signing->len; i++) {
		const struct devid_signing *signing = lint->account->signing->pdata[i];
		time_t ends = gnutls_x509_crt_get_expiration_time(signing->certificate);

		if (soon && ends >= lint->now && ends < until)
			lint_add(lint, g_strdup(signing->path),
				 "signing certificate %s ends in %d days", signing->name,
				 (int)((ends - lint->now) / SECONDS_A_DAY));
		if (!soon && ends < lint->now)
			lint_add(lint, g_strdup(signing->path),
				 "signing certificate %s has expired: what began after its end is "
				 "not accepted",
				 signing->name);
	}
}

void lint_signing_expired(struct lint *lint)
{
	look_at_signing(lint, FALSE);
}

void lint_signing_expiring(struct lint *lint)
{
	look_at_signing(lint, TRUE);
}

void lint_revocation(struct lint *lint)
{
	const struct revocation *revocation = &lint->account->revocation;

	if (revocation->serials || revocation->lists || lint->account->serials_file)
		lint_add(lint, g_strdup("[Revocation]"),
			 "revocation binds only where a gateway runs devid verify: who holds a "
			 "revoked key decides what runs on their own machine");
}

void lint_office_spoofed(struct lint *lint)
{
	for (guint i = 0; i < lint->policy->offices->len; i++) {
		const struct office *office = lint->policy->offices->pdata[i];

		if (!office->probe)
			lint_add(lint, g_strdup_printf("[Office %s]", office->name),
				 "office %s is told by what any network can say of itself: whoever "
				 "runs one is not asked for a certificate",
				 office->name);
	}
}

static gboolean asks_certificate(const struct policy *policy, const char *name)
{
	const struct profile *profile = policy_profile(policy, name);

	for (guint i = 0; profile && i < profile->checks->len; i++)
		if (strcmp(g_array_index(profile->checks, struct profile_check, i).check->kind.name,
			   "DeviceCertificate") == 0)
			return TRUE;
	return FALSE;
}

void lint_certificate_off(struct lint *lint)
{
	for (guint i = 0; i < lint->policy->rules->len; i++) {
		const struct policy_rule *rule = lint->policy->rules->pdata[i];

		for (char **name = rule->profiles; name && *name; name++)
			if (rule->enabled && lint->account->on_use == DEVID_ON_USE_OFF &&
			    asks_certificate(lint->policy, *name))
				lint_add(lint, lint_rule_place(rule),
					 "rule %s asks for a device certificate (profile %s), and "
					 "with OnUse=off none is checked at use",
					 rule->name, *name);
	}
}

void lint_override_idle(struct lint *lint)
{
	for (guint i = 0; i < lint->policy->users->len; i++) {
		const struct policy_user *user = lint->policy->users->pdata[i];
		gboolean differs = FALSE;

		for (int os = 0; os < DEVID_OS_COUNT; os++)
			differs |= user->settings.given[os] &&
				   user->settings.of[os] != lint->policy->settings.of[os];
		if (user->override && !differs)
			lint_add(
				lint, g_strdup_printf("[User %s]", user->name),
				"Override=yes changes nothing: the account's settings are the same");
	}
}

void lint_profile_unused(struct lint *lint)
{
	for (guint i = 0; i < lint->policy->profiles->len; i++) {
		const struct profile *profile = lint->policy->profiles->pdata[i];
		gboolean used = FALSE;

		for (guint k = 0; k < lint->policy->rules->len && !used; k++) {
			const struct policy_rule *rule = lint->policy->rules->pdata[k];

			used = rule->profiles &&
			       g_strv_contains((const char *const *)rule->profiles, profile->name);
		}
		if (!used)
			lint_add(lint, g_strdup_printf("[Profile %s]", profile->name),
				 "no rule names profile %s", profile->name);
	}
}

/* States of a unit that exclude each other. */
static gboolean exclude(const char *a, const char *b)
{
	static const char *const sets[][4] = { { "active", "inactive", NULL },
					       { "enabled", "disabled", "masked", NULL },
					       { "active", "masked", NULL } };

	for (gsize i = 0; i < G_N_ELEMENTS(sets); i++)
		if (strcmp(a, b) != 0 && g_strv_contains(sets[i], a) && g_strv_contains(sets[i], b))
			return TRUE;
	return FALSE;
}

/* "NAME.service:STATE": the name's length, and the state. */
static gsize split_unit(const char *word, const char **state)
{
	const char *colon = strrchr(word, ':');

	if (!colon || strchr(colon, '.')) {
		*state = "active";
		return strlen(word);
	}
	*state = colon + 1;
	return (gsize)(colon - word);
}

static char *units_contradict(const char *value)
{
	g_auto(GStrv) words = conf_split_words(value);

	for (gsize i = 0; words[i]; i++) {
		for (gsize k = 0; k < i; k++) {
			const char *a, *b;
			gsize length = split_unit(words[i], &a);

			if (split_unit(words[k], &b) == length &&
			    strncmp(words[i], words[k], length) == 0 && exclude(a, b))
				return g_strdup_printf("%.*s can't be %s and %s", (int)length,
						       words[i], b, a);
		}
	}
	return NULL;
}

char *lint_contradiction(const struct policy *policy, const char *name)
{
	const struct profile *profile = policy_profile(policy, name);

	for (guint i = 0; profile && i < profile->checks->len; i++) {
		const struct profile_check *check =
			&g_array_index(profile->checks, struct profile_check, i);
		g_autofree char *why = strcmp(check->check->kind.name, "Unit") == 0
					       ? units_contradict(check->value)
					       : NULL;

		if (why)
			return g_strdup_printf("no device meets profile %s: %s", name, why);
	}
	return NULL;
}
