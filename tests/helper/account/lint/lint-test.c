/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What `devid policy lint` warns of: each row of its table provoked, and a sound account without
 * any. */
#include <stdio.h>
#include <string.h>
#include "account/lint/lint.h"
#include "tests/helper/account/harness.h"

#define DAY 86400

/* Lets everybody in on every system: what is looked for stands before or beside it. */
#define CLOSED "[Rule rest]\nAction=allow\n"
#define PROBE                                         \
	"Probe=https://192.0.2.9/\nProbeCertificate=" \
	"sha256:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
#define PROFILE "[Profile P]\nFirewall=any\n"

static const struct {
	const char *conf;
	const char *rules;   /* NULL: none */
	const char *signing; /* NULL: none */
	const char *words;   /* what is found, in the table's order */
	const char *piece;   /* of the first message */
} accounts[] = {
	/* sound ones */
	{ "[Account]\nName=x\n", NULL, "inter", "", "" },
	{ "[DeviceAuthentication]\nLinux=allow\n", CLOSED, "inter", "", "" },
	{ "[Office x]\n" PROBE PROFILE,
	  "[Rule o]\nOrigin=office\nProfiles=P\nAction=allow\n" CLOSED, "inter", "", "" },
	{ "[DeviceAuthentication]\nWindows=block\nmacOS=block\niOS=block\nAndroid=block\n",
	  "[Rule l]\nPlatforms=Linux\nAction=allow\n", "inter", "", "" },
	{ "[User root]\nOverride=yes\nLinux=allow\n", CLOSED, "inter", "", "" },
	{ "", "[Rule l]\nPlatforms=Linux\nAction=allow\n[Rule no]\nAction=block\n", "inter", "",
	  "" },

	/* systems that the last rule blocks */
	{ PROFILE, "[Rule l]\nPlatforms=Linux\nProfiles=P\nAction=allow\n", "inter",
	  "systems-blocked", "no rule lets Windows, macOS, iOS, Android in" },
	{ "", "[Rule l]\nPlatforms=Linux; Windows; iOS; Android\nAction=allow\n", "inter",
	  "systems-blocked", "blocks it" },
	{ "", "[Rule l]\nEnabled=no\nAction=allow\n", "inter", "systems-blocked rule-off rule-off",
	  "no rule lets Windows, macOS, iOS, Android, Linux in" },

	/* pilots */
	{ "", "[Rule pilot]\nUsers=root\nAction=allow\n", "inter", "others-blocked",
	  "rule pilot lets some users in on Windows" },
	{ "", "[Rule pilot]\nUsers=@root\nAction=allow\n[Rule no]\nAction=block\n", "inter", "",
	  "" },
	{ "[User root]\nOverride=yes\nmacOS=allow\n",
	  "[Rule x]\nPlatforms=macOS\nUsers=@nogroup\nAction=allow\n[Rule y]\nPlatforms=Windows; "
	  "iOS; Android; Linux\nAction=allow\n",
	  "inter", "others-blocked override-blocked", "rule x" },
	{ "[User root]\nOverride=yes\nLinux=require\n", NULL, "inter", "override-idle", "" },

	/* rules that never match */
	{ "", CLOSED "[Rule x]\nUsers=root\nAction=block\n", "inter", "rule-shadowed",
	  "rule x never matches: whatever it is for is decided by rule rest" },
	{ "",
	  "[Rule a]\nUsers=root; @root\nPlatforms=Linux; iOS\nAction=block\n[Rule b]\nUsers=root\n"
	  "Platforms=iOS\nOrigin=remote\nAction=allow\n" CLOSED,
	  "inter", "rule-shadowed", "rule b" },
	{ "",
	  "[Rule a]\nUsers=root\nPlatforms=Linux\nAction=block\n[Rule b]\nUsers=root\n"
	  "Action=block\n" CLOSED,
	  "inter", "", "" },
	{ "", "[Rule a]\nOrigin=remote\nAction=block\n" CLOSED, "inter", "", "" },
	{ PROFILE, "[Rule a]\nProfiles=P\nAction=block\n" CLOSED, "inter", "", "" },
	{ "[DeviceAuthentication]\niOS=block\n", "[Rule i]\nPlatforms=iOS\nAction=allow\n" CLOSED,
	  "inter", "rule-no-system", "rule i lets nobody in" },
	{ "", "[Rule o]\nOrigin=office\nAction=allow-internet\n" CLOSED, "inter", "rule-no-office",
	  "rule o never matches" },
	{ "[Profile U]\nUnit=a.service; a.service:inactive\n",
	  "[Rule u]\nProfiles=U\nAction=block\n" CLOSED, "inter", "rule-no-device",
	  "a.service can't be active and inactive" },
	{ "[Profile U]\nUnit=a.service:enabled; a.service:masked\n" PROFILE,
	  "[Rule u]\nProfiles=U; P\nAction=block\n" CLOSED, "inter", "", "" },
	{ "[Profile U]\nUnit=a.service:enabled; a.service; b.service:inactive\n",
	  "[Rule u]\nProfiles=U\nAction=block\n" CLOSED, "inter", "", "" },

	/* names */
	{ "", "[Rule x]\nUsers=no-such-user\nAction=block\n" CLOSED, "inter", "name-unknown",
	  "no-such-user is no user" },
	{ "[Group g-x]\nMembers=@no-such-group\n", "[Rule x]\nUsers=@g-x\nAction=block\n" CLOSED,
	  "inter", "name-unknown", "@no-such-group is no group" },
	{ "[Group g-x]\nMembers=root\n", "[Rule x]\nUsers=g-x\nAction=block\n" CLOSED, "inter",
	  "name-is-group", "g-x is a group" },
	{ "[Group root]\nMembers=root\n", NULL, "inter", "group-twice", "both" },
	{ "[Group g-x]\nMembers=root\n[User g-x]\nLinux=allow\n", NULL, "inter",
	  "name-is-group group-twice", "g-x is a group" },
	{ "[Group g-x]\nMembers=root\n[Group g-y]\nMembers=@g-x\n", NULL, "inter", "group-nested",
	  "@g-x" },

	/* the rest of the account */
	{ PROFILE, NULL, "inter", "profile-unused", "no rule names profile P" },
	{ "", NULL, NULL, "signing-missing", "no signing certificate" },
	{ "[DeviceAuthentication]\nWindows=allow\nmacOS=allow\niOS=block\nAndroid=block\nLinux=allow\n",
	  NULL, NULL, "", "" },
	{ "", NULL, "inter ended", "signing-expired", "signing certificate ended has expired" },
	{ "[Revocation]\nSerials=01\n", NULL, "inter", "revocation-unbound", "devid verify" },
	{ "[Office x]\nGatewayAddress=192.0.2.1\nGatewayMAC=00:11:22:33:44:55\n[Office y]\n" PROBE,
	  NULL, "inter", "office-spoofed", "office x" },
	{ "[Account]\nOnUse=off\n[Profile C]\nDeviceCertificate=yes\n",
	  "[Rule c]\nProfiles=C\nAction=block\n" CLOSED, "inter", "certificate-off", "profile C" },
};

static char *words_of(const GPtrArray *findings)
{
	GString *words = g_string_new(NULL);

	for (guint i = 0; i < findings->len; i++) {
		const struct lint_finding *finding = findings->pdata[i];

		g_string_append_printf(words, "%s%s", i ? " " : "", finding->word);
		assert_true(*finding->message && *finding->hint);
	}
	return g_string_free(words, FALSE);
}

static void each_account(void **state)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(accounts); i++) {
		g_autofree char *folder = harness_account(accounts[i].conf, accounts[i].signing);
		g_autoptr(GPtrArray) findings = NULL;
		g_autofree char *words = NULL;
		struct devid_account *account;

		if (accounts[i].rules)
			harness_write(folder, "rules.d/10.conf", accounts[i].rules, -1);
		account = harness_load(folder);
		assert_null(devid_account_problem(account));
		findings = lint_account(account, time(NULL));
		words = words_of(findings);
		if (strcmp(words, accounts[i].words) != 0)
			fail_msg("row %zu: %s, not %s", i, words, accounts[i].words);
		if (findings->len && !strstr(((struct lint_finding *)findings->pdata[0])->message,
					     accounts[i].piece))
			fail_msg("row %zu: %s", i,
				 ((struct lint_finding *)findings->pdata[0])->message);
		for (guint k = 0; k < findings->len; k++)
			g_hash_table_add(
				seen, g_strdup(((struct lint_finding *)findings->pdata[k])->word));
		devid_account_free(account);
	}
	g_hash_table_add(seen, g_strdup("signing-expiring")); /* below */
	for (gsize i = 0; lint_row(i); i++)
		if (!g_hash_table_contains(seen, lint_row(i)->word))
			fail_msg("nothing provokes %s", lint_row(i)->word);
}

/* By the account's own measure of "soon". */
static void expiring(void **state)
{
	g_autofree char *folder = harness_account("[Account]\nExpiryWarning=10\n", "inter");
	struct devid_account *account = harness_load(folder);
	time_t ends =
		gnutls_x509_crt_get_expiration_time(devid_account_signing(account, 0)->certificate);
	static const struct {
		int days;
		const char *words;
	} moments[] = { { 11, "" }, { 9, "signing-expiring" }, { -1, "signing-expired" } };

	for (gsize i = 0; i < G_N_ELEMENTS(moments); i++) {
		g_autoptr(GPtrArray) findings =
			lint_account(account, ends - (time_t)moments[i].days * DAY);
		g_autofree char *words = words_of(findings);

		assert_string_equal(words, moments[i].words);
	}
	devid_account_free(account);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_account),
		cmocka_unit_test(expiring),
	};

	return cmocka_run_group_tests_name("lint", tests, harness_begin, harness_end);
}
