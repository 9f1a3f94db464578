/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzz target: a private half's text, as the keyring or a file gives it back. What is read must
 * come back the same when it is written again.
 */
#include "fuzz.h"
#include "agent/store/key-text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_SECRET struct secret pkcs8 = SECRET_INIT, text = SECRET_INIT, back = SECRET_INIT;

	if (!key_text_read((const char *)data, size, &pkcs8))
		return 0;
	FUZZ_CHECK(key_text_base64(&pkcs8, &text) &&
		   key_text_read((const char *)text.data, text.length, &back) &&
		   key_text_equal(&pkcs8, &back));
	FUZZ_CHECK(key_text_pem(&pkcs8, &text) &&
		   key_text_read((const char *)text.data, text.length, &back) &&
		   key_text_equal(&pkcs8, &back));
	return 0;
}
