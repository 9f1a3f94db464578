/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PKCS#12: opened with the password "x" and no more than a few iterations; what comes out is
 * paired. */
#include "keyfile/bundle.h"
#include "keyfile/candidate.h"
#include "keyfile/p12.h"
#include "keyfile/pbe.h"
#include "fuzz.h"

#define ITERATIONS_MAX 20

static void check(struct bundle *bundle)
{
	g_autoptr(GPtrArray) candidates = candidates_find(bundle, true, NULL);

	for (guint i = 0; i < bundle->certificates->len; i++)
		FUZZ_CHECK(((struct bundle_certificate *)bundle->certificates->pdata[i])->crt);
	for (guint i = 0; candidates && i < candidates->len; i++) {
		const struct candidate *candidate = candidates->pdata[i];

		FUZZ_CHECK(candidate->leaf && candidate->name && candidate->chain->len > 0);
		FUZZ_CHECK(candidate->chain->pdata[0] == candidate->leaf);
		FUZZ_CHECK(g_utf8_validate(candidate->name, -1, NULL));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_SECRET struct secret password = SECRET_INIT;
	AUTO_P12 struct p12 *p12 = NULL;
	AUTO_BUNDLE struct bundle *bundle = NULL;
	g_autoptr(GError) error = NULL;

	FUZZ_CHECK(secret_append(&password, "x", 1) == DEVID_OK);
	p12 = p12_open(data, size, ITERATIONS_MAX, &error);
	FUZZ_CHECK(!p12 == !!error);
	if (!p12)
		return 0;
	for (size_t i = 0; i < p12_cipher_count(p12); i++)
		g_free(pbe_describe(p12_cipher(p12, i)));
	(void)p12_cost(p12);
	bundle = p12_unlock(p12, &password, &error);
	FUZZ_CHECK(!bundle == !!error);
	if (bundle)
		check(bundle);
	return 0;
}
