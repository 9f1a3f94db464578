/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an account's lists say of certificates: whose a list or a serial number is, and that threads
 * share one. */
#include <string.h>
#include "harness.h"

/* What a list remembers of one issuer is not another's of the same name. */
static void list_of_namesakes(void **state)
{
	g_autofree char *folder =
		harness_account("[Revocation]\nCRL=crl-inter.pem\n", "inter namesake");
	static const char *const rows[][2] = { { "device", "ok" },
					       { "by-namesake", "crl-untrusted" },
					       { "revoked", "revoked" },
					       { "by-namesake", "crl-untrusted" },
					       { "device", "ok" } };
	struct devid_account *account;

	harness_copy_files(folder, "crl-inter.pem");
	account = harness_load(folder);
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct harness_chain chain;
		struct devid_verdict *verdict = NULL;

		harness_chain_load(&chain, rows[i][0]);
		assert_int_equal(devid_check(account, chain.certificates, chain.count, HARNESS_NOON,
					     &verdict),
				 DEVID_OK);
		assert_string_equal(verdict->reason, rows[i][1]);
		devid_verdict_free(verdict);
		harness_chain_clear(&chain);
	}
	devid_account_free(account);
}

/* A serial number with an issuer's key identifier is that issuer's alone; without, anybody's. */
static void serial_of_one_issuer(void **state)
{
	g_autofree char *both =
		harness_account("[Revocation]\nSerialsFile=list\n", "inter namesake");
	static const struct {
		const char *entry, *of_inter, *of_namesake;
	} rows[] = {
		{ "0a:11:22:33:44:55@%s # a laptop\n", "revoked", "ok" },
		{ "000A1122334455@%s\n", "revoked", "ok" },
		{ "0a1122334455\n", "revoked", "revoked" },
		{ "0a11223344@%s\n", "ok", "ok" },
		{ "0a1122334455@00%s\n", "ok", "ok" },
		{ "ff@%s, 0a1122334455@%s\n", "revoked", "ok" },
	};
	static const char *const wrong[] = { "0a@\n", "@0a\n", "0a@xx\n", "0a@0b@0c\n", "0a@:\n" };

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct devid_verdict *of_inter, *of_namesake;
		g_autoptr(GString) text = g_string_new(rows[i].entry);

		harness_write(both, "list", "", 0);
		of_inter = harness_verdict(both, "revoked", HARNESS_NOON);
		assert_string_equal(of_inter->reason, "ok");
		g_string_replace(text, "%s", of_inter->issuer_key_id, 0);
		devid_verdict_free(of_inter);
		harness_write(both, "list", text->str, -1);
		of_inter = harness_verdict(both, "revoked", HARNESS_NOON);
		of_namesake = harness_verdict(both, "revoked-other", HARNESS_NOON);
		assert_string_equal(of_inter->reason, rows[i].of_inter);
		assert_string_equal(of_namesake->reason, rows[i].of_namesake);
		devid_verdict_free(of_inter);
		devid_verdict_free(of_namesake);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
		struct devid_verdict *verdict;

		harness_write(both, "list", wrong[i], -1);
		verdict = harness_verdict(both, "revoked", HARNESS_NOON);
		assert_int_equal(verdict->result, DEVID_ACCOUNT_BROKEN);
		devid_verdict_free(verdict);
	}
}

static gpointer check_many_times(gpointer data)
{
	struct harness_chain chain;
	guint wrong = 0;

	harness_chain_load(&chain, "revoked");
	for (int i = 0; i < 200; i++) {
		struct devid_verdict *verdict = NULL;

		if (devid_check(data, chain.certificates, chain.count, HARNESS_NOON, &verdict) !=
		    DEVID_OK)
			return GUINT_TO_POINTER(1);
		wrong += strcmp(verdict->reason, "revoked") != 0;
		devid_verdict_free(verdict);
	}
	harness_chain_clear(&chain);
	return GUINT_TO_POINTER(wrong);
}

/* One account serves all threads of an agent or a gateway. */
static void threads_share_a_list(void **state)
{
	g_autofree char *folder = harness_account("[Revocation]\nCRL=crl-inter.pem\n", "inter");
	struct devid_account *account;
	GThread *threads[4];

	harness_copy_files(folder, "crl-inter.pem");
	account = harness_load(folder);
	for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
		threads[i] = g_thread_new("check", check_many_times, account);
	for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
		assert_null(g_thread_join(threads[i]));
	devid_account_free(account);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list_of_namesakes),
		cmocka_unit_test(serial_of_one_issuer),
		cmocka_unit_test(threads_share_a_list),
	};

	return cmocka_run_group_tests_name("revocation", tests, harness_begin, harness_end);
}
