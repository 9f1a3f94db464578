/* devid_check() beside the barest thing that GnuTLS offers for the same chain: a list of trusted
 * certificates that is there already, asked once. Medians of rounds, the peers in turn.
 */
#include <stdio.h>
#include <stdlib.h>
#include "harness.h"

#define ROUNDS 15
#define CHECKS 200
#define NOON   1718452800

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static double median(double *values)
{
	qsort(values, ROUNDS, sizeof(*values), compare);
	return values[ROUNDS / 2];
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
	ratio = median(own) / median(peer);
	printf("# %s under %s: devid_check %.1f us, gnutls_x509_trust_list_verify_crt2 %.1f us: %.2f\n",
	       names, signing, median(own), median(peer), ratio);
	assert_true(ratio < 3);
	gnutls_x509_trust_list_deinit(trusted, 0);
	harness_chain_clear(&chain);
	devid_account_free(account);
}

static void rsa_issuer(void **state)
{
	(void)state;
	compare_on(NULL, "rsa-ca", "by-rsa");
}

static void ec_issuer(void **state)
{
	(void)state;
	compare_on(NULL, "inter", "device");
}

static void ec_path(void **state)
{
	(void)state;
	compare_on("[Account]\nChain=path\n", "root", "device inter");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(rsa_issuer),
		cmocka_unit_test(ec_issuer),
		cmocka_unit_test(ec_path),
	};

	return cmocka_run_group_tests_name("cost of a check", tests, harness_begin, harness_end);
}
