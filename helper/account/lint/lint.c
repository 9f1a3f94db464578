/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What administrators fall into: the table. A row is a word, what to do, and a function that finds
 * it. */
#include "lint-finding.h"
#include "lint.h"

#define EACH(list, function) NULL, function, G_STRUCT_OFFSET(struct devid_account, list)

static const struct lint_row rows[] = {
	{ "systems-blocked",
	  "add a rule that lets them in, or block them in [DeviceAuthentication] to say so",
	  lint_systems_blocked },
	{ "others-blocked", "close the pilot: a last rule without Users= that lets in",
	  lint_others_blocked },
	{ "override-blocked", "the rules count for them too: add one that lets them in",
	  EACH(policy.users, lint_override_blocked) },
	{ "override-idle", "take the section out, or correct it",
	  EACH(policy.users, lint_override_idle) },
	{ "rule-off", "take it out, or turn it on: Enabled=yes", lint_rule_off },
	{ "rule-shadowed", "put it before the other, or take it out",
	  EACH(policy.rules, lint_rule_shadowed) },
	{ "rule-no-system", "see [DeviceAuthentication]", EACH(policy.rules, lint_rule_no_system) },
	{ "rule-no-office", "add an [Office] section", EACH(policy.rules, lint_rule_no_office) },
	{ "rule-no-device", "correct the profile", EACH(policy.rules, lint_rule_profiles) },
	{ "name-unknown", "correct the name", lint_name_unknown },
	{ "name-is-group", "write @ in front of a group's name", lint_name_is_group },
	{ "group-twice", "give the account's group another name",
	  EACH(policy.groups, lint_group_twice) },
	{ "group-nested", "name the members themselves", EACH(policy.groups, lint_group_nested) },
	{ "profile-unused", "take it out, or name it in a rule",
	  EACH(policy.profiles, lint_profile_unused) },
	{ "signing-missing", "add one: devid ca add --name NAME FILE", lint_signing_missing },
	{ "signing-expired", "add the CA's renewed certificate: devid ca add --name NAME FILE",
	  EACH(signing, lint_signing_expired) },
	{ "signing-expiring", "add the CA's renewed certificate: devid ca add --name NAME FILE",
	  EACH(signing, lint_signing_expiring) },
	{ "revocation-unbound", "run devid verify at the gateway", lint_revocation },
	{ "office-spoofed",
	  "add Probe= and ProbeCertificate=", EACH(policy.offices, lint_office_spoofed) },
	{ "certificate-off", "set OnUse=log or OnUse=enforce",
	  EACH(policy.rules, lint_certificate_off) },
};

const struct lint_row *lint_row(gsize index)
{
	return index < G_N_ELEMENTS(rows) ? &rows[index] : NULL;
}

GPtrArray *lint_account(const struct devid_account *account, time_t now)
{
	struct lint lint = { .account = account,
			     .policy = &account->policy,
			     .now = now,
			     .findings = g_ptr_array_new_with_free_func(lint_finding_free) };

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		const GPtrArray *list = G_STRUCT_MEMBER(const GPtrArray *, account, rows[i].list);

		lint.row = &rows[i];
		if (rows[i].look)
			rows[i].look(&lint);
		for (guint k = 0; rows[i].look_at && k < list->len; k++)
			rows[i].look_at(&lint, list->pdata[k]);
	}
	return lint.findings;
}
