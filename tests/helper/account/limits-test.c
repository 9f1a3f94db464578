/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sizes at the edge, and which keys a device may have. */
#include <stdlib.h>
#include <gnutls/abstract.h>
#include "harness.h"

/* The arithmetic against a PEM writer of another library. */
static void pem_size_is_what_gnutls_writes(void **state)
{
	for (unsigned size = 1; size < 4000; size += size < 200 ? 1 : 37) {
		g_autofree guint8 *bytes = g_malloc0(size);
		gnutls_datum_t der = { bytes, size }, pem;

		assert_true(gnutls_pem_base64_encode2("CERTIFICATE", &der, &pem) >= 0);
		assert_int_equal(devid_pem_size(size), pem.size);
		gnutls_free(pem.data);
	}
}

/* PEM sizes step by four: the largest up to 2048 and the next. */
static const struct {
	const char *conf;
	size_t der;
	enum devid_result result;
	size_t pem;
	bool acceptable;
} rows[] = {
	{ "", 1470, DEVID_OK, 2045, false },
	{ "", 1473, DEVID_TOO_LARGE, 2049, true },
	{ "", 2048, DEVID_TOO_LARGE, 2829, true },
	{ "", 2049, DEVID_TOO_LARGE, 2829, false },
	{ "[Account]\nSizeMeasure=der\n", 1473, DEVID_OK, 2049, false },
	{ "[Account]\nSizeMeasure=der\n", 2048, DEVID_OK, 2829, false },
	{ "[Account]\nSizeMeasure=der\n", 2049, DEVID_TOO_LARGE, 2829, false },
	{ "[Limits]\nDeviceCertificate=4096\n", 2048, DEVID_OK, 2829, false },
	{ "[Limits]\nDeviceCertificate=2049\n", 1473, DEVID_OK, 2049, false },
};

static void device_size(void **state)
{
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *folder = harness_account(rows[i].conf, NULL);
		struct devid_account *account = harness_load(folder);
		struct devid_size size;
		bool acceptable;

		assert_int_equal(devid_device_size(account, rows[i].der, &size, &acceptable),
				 rows[i].result);
		assert_int_equal(size.pem, rows[i].pem);
		assert_int_equal(size.der, rows[i].der);
		assert_int_equal(size.limit, devid_account_device_limit(account));
		assert_int_equal(acceptable, rows[i].acceptable);
		assert_int_equal(devid_device_size(account, rows[i].der, &size, NULL),
				 rows[i].result);
		devid_account_free(account);
	}
}

static void signing_size(void **state)
{
	g_autofree char *folder = harness_account("", NULL);
	struct devid_account *account = harness_load(folder);

	assert_int_equal(devid_signing_size(account, 4096), DEVID_OK);
	assert_int_equal(devid_signing_size(account, 4097), DEVID_TOO_LARGE);
	devid_account_free(account);
}

static const struct {
	gnutls_pk_algorithm_t algorithm;
	unsigned bits;
	bool supported;
} keys[] = {
	{ GNUTLS_PK_RSA, 1024, false },
	{ GNUTLS_PK_RSA, 2048, true },
	{ GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP192R1), false },
	{ GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), true },
	{ GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP384R1), true },
	{ GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP521R1), true },
	{ GNUTLS_PK_EDDSA_ED25519, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_ED25519), false },
	{ GNUTLS_PK_RSA_PSS, 2048, false },
	{ GNUTLS_PK_DSA, 2048, false },
};

static void key_kinds(void **state)
{
	for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
		gnutls_privkey_t private;
		gnutls_pubkey_t public;
		const char *why = NULL;

		assert_true(gnutls_privkey_init(&private) >= 0);
		assert_true(gnutls_pubkey_init(&public) >= 0);
		if (gnutls_privkey_generate(private, keys[i].algorithm, keys[i].bits, 0) >= 0) {
			assert_true(gnutls_pubkey_import_privkey(public, private, 0, 0) >= 0);
			assert_int_equal(devid_key_supported(public, &why),
					 keys[i].supported ? DEVID_OK : DEVID_UNSUPPORTED);
			assert_int_equal(!why, keys[i].supported);
		}
		gnutls_pubkey_deinit(public);
		gnutls_privkey_deinit(private);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(pem_size_is_what_gnutls_writes),
		cmocka_unit_test(device_size),
		cmocka_unit_test(signing_size),
		cmocka_unit_test(key_kinds),
	};

	return cmocka_run_group_tests_name("limits", tests, harness_begin, harness_end);
}
