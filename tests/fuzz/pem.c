/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PEM and DER files of certificates and keys; what is encrypted stays closed, for there is no
 * password. */
#include "command/cli/password.h"
#include "keyfile/bundle.h"
#include "keyfile/candidate.h"
#include "keyfile/key-der.h"
#include "keyfile/p12.h"
#include "keyfile/pem.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct password_words words;
	AUTO_SECRET struct secret bytes = SECRET_INIT;
	AUTO_SECRET struct secret pkcs8 = SECRET_INIT;
	AUTO_SECRET struct secret completed = SECRET_INIT;
	AUTO_BUNDLE struct bundle *bundle = NULL;
	g_autoptr(GPtrArray) candidates = NULL;
	g_autoptr(GError) error = NULL;
	static const uint8_t point[65] = { 4 };

	if (size == 0 || p12_looks_like(data, size))
		return 0;
	password_words_init(&words, NULL);
	words.file = "/dev/null/nothing";
	FUZZ_CHECK(secret_append(&bytes, data, size) == DEVID_OK);
	if (key_der_to_pkcs8(data, size, NULL, &pkcs8) && key_der_lacks_point(&pkcs8))
		FUZZ_CHECK(key_der_with_point(&pkcs8, point, sizeof(point), &completed) &&
			   !key_der_lacks_point(&completed));
	bundle = pem_read_bundle("file", &bytes, &words.source, &error);
	FUZZ_CHECK(!bundle == !!error);
	if (bundle)
		candidates = candidates_find(bundle, true, NULL);
	return 0;
}
