/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid_check() beside the barest thing that GnuTLS offers for the same chain: a list of trusted
 * certificates that is there already, asked once. And with lists of revoked certificates, short and
 * long: a check must not become slower with their length; nor where names are the same by value
 * alone. The best of rounds, the peers in turn.
 */
#include <stdio.h>
#include "harness.h"

#define ROUNDS 30
#define CHECKS 100
#define NOON   1718452800

/* Of the bare call's speed, at least; of a check with a short list, at least, with one 5,000 times
 * as long. */
#define SPEED_LEAST	 0.9
#define SPEED_LEAST_LONG 0.9
/* Of a check where the names are the same to the byte, at least, with names that are not. */
#define SPEED_LEAST_VALUE 0.9

/* What else runs on the machine makes a round slower, never faster. */
static double best(const double *values)
{
	double least = values[0];

	for (int i = 1; i < ROUNDS; i++)
		least = MIN(least, values[i]);
	return least;
}

static double ours(const struct devid_account *account, const struct harness_chain *chain)
{
	gint64 begin = g_get_monotonic_time();

	for (int i = 0; i < CHECKS; i++) {
		struct devid_verdict *verdict = NULL;

		assert_int_equal(
			devid_check(account, chain->certificates, chain->count, NOON, &verdict),
			DEVID_OK);
		assert_int_equal(verdict->result, DEVID_OK);
		devid_verdict_free(verdict);
	}
	return (double)(g_get_monotonic_time() - begin) / CHECKS;
}

static double bare(gnutls_x509_trust_list_t trusted, struct harness_chain *chain)
{
	gint64 begin = g_get_monotonic_time();

	for (int i = 0; i < CHECKS; i++) {
		unsigned status;

		assert_true(gnutls_x509_trust_list_verify_crt2(trusted, chain->certificates,
							       chain->count, NULL, 0, 0, &status,
							       NULL) >= 0);
		assert_int_equal(status, 0);
	}
	return (double)(g_get_monotonic_time() - begin) / CHECKS;
}

static void compare_on(const char *conf, const char *signing, const char *names)
{
	g_autofree char *folder = harness_account(conf, signing);
	struct devid_account *account = harness_load(folder);
	gnutls_x509_crt_t anchor = devid_account_signing(account, 0)->certificate;
	gnutls_x509_trust_list_t trusted;
	struct harness_chain chain;
	double own[ROUNDS], peer[ROUNDS], ratio;

	harness_chain_load(&chain, names);
	assert_true(gnutls_x509_trust_list_init(&trusted, 0) >= 0);
	assert_true(gnutls_x509_trust_list_add_cas(trusted, &anchor, 1, 0) >= 0);
	for (int i = 0; i < ROUNDS; i++) {
		own[i] = ours(account, &chain);
		peer[i] = bare(trusted, &chain);
	}
	ratio = best(peer) / best(own);
	printf("# %s under %s: devid_check %.1f us, gnutls_x509_trust_list_verify_crt2 %.1f us: "
	       "%.2f times its speed\n",
	       names, signing, best(own), best(peer), ratio);
	assert_true(ratio >= SPEED_LEAST);
	gnutls_x509_trust_list_deinit(trusted, 0);
	harness_chain_clear(&chain);
	devid_account_free(account);
}

static void rsa_issuer(void **state)
{
	compare_on(NULL, "rsa-ca", "by-rsa");
}

static void ec_issuer(void **state)
{
	compare_on(NULL, "inter", "device");
}

static void ec_path(void **state)
{
	compare_on("[Account]\nChain=path\n", "root", "device inter");
}

/* The issuer's name in another string type: compared by value, and no slower for it. */
static void names(void **state)
{
	g_autofree char *folder = harness_account(NULL, "inter");
	struct devid_account *account = harness_load(folder);
	struct harness_chain same, other;
	double bytes[ROUNDS], value[ROUNDS], ratio;

	harness_chain_load(&same, "device");
	harness_chain_load(&other, "by-printable");
	for (int i = 0; i < ROUNDS; i++) {
		bytes[i] = ours(account, &same);
		value[i] = ours(account, &other);
	}
	ratio = best(bytes) / best(value);
	printf("# the same name to the byte %.1f us, by value %.1f us: %.2f times its speed\n",
	       best(bytes), best(value), ratio);
	assert_true(ratio >= SPEED_LEAST_VALUE);
	harness_chain_clear(&same);
	harness_chain_clear(&other);
	devid_account_free(account);
}

/* An account with `count` revoked serial numbers in a file. */
static char *with_serials(unsigned count)
{
	char *folder = harness_account("[Revocation]\nSerialsFile=revoked\n", "inter");
	g_autoptr(GString) text = g_string_new(NULL);

	for (unsigned i = 0; i < count; i++)
		g_string_append_printf(text, "0b:%02x:%02x:%02x:00:00:00:00:00:00:00:00:00:00\n",
				       i >> 16, i >> 8 & 255, i & 255);
	harness_write(folder, "revoked", text->str, (gssize)text->len);
	return folder;
}

static char *with_list(const char *list)
{
	char *folder = harness_account("[Revocation]\nCRL=list\n", "inter");

	harness_copy(folder, "list", list);
	return folder;
}

static void long_beside_short(const char *what, const char *short_folder, const char *long_folder)
{
	gint64 begin = g_get_monotonic_time();
	struct devid_account *longer = harness_load(long_folder);
	double load = (double)(g_get_monotonic_time() - begin) / 1000;
	struct devid_account *shorter = harness_load(short_folder);
	struct harness_chain chain;
	double one[ROUNDS], other[ROUNDS], ratio;

	harness_chain_load(&chain, "device");
	for (int i = 0; i < ROUNDS; i++) {
		one[i] = ours(shorter, &chain);
		other[i] = ours(longer, &chain);
	}
	ratio = best(one) / best(other);
	printf("# %s: short %.1f us, long %.1f us: %.2f times its speed (read in %.0f ms)\n", what,
	       best(one), best(other), ratio, load);
	assert_true(ratio >= SPEED_LEAST_LONG);
	harness_chain_clear(&chain);
	devid_account_free(shorter);
	devid_account_free(longer);
}

static void serials(void **state)
{
	g_autofree char *few = with_serials(10), *many = with_serials(100000);

	long_beside_short("10 and 100,000 serial numbers", few, many);
}

static void lists(void **state)
{
	g_autofree char *few = with_list("crl-inter.pem"), *many = with_list("crl-long.pem");

	long_beside_short("revocation lists of 1 and 50,001", few, many);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(rsa_issuer), cmocka_unit_test(ec_issuer),
		cmocka_unit_test(ec_path),    cmocka_unit_test(names),
		cmocka_unit_test(serials),    cmocka_unit_test(lists),
	};

	return cmocka_run_group_tests_name("cost of a check", tests, harness_begin, harness_end);
}
