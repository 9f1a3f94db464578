/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzz target: what comes of a TPM's keys from another computer, or from the agent of a user to
 * whom the TPM is lent. The first byte says which: a key that was wrapped, as DER or as PEM; one
 * that was not; or the storage key of another TPM, which a key is to be wrapped for. What is taken
 * comes back the same, and what was made is taken.
 */
#include <openssl/ec.h>
#include <openssl/evp.h>
#include "fuzz.h"
#include "agent/key/tpm-wrapped.h"

static void same(GBytes *a, GBytes *b)
{
	FUZZ_CHECK(a && b && g_bytes_equal(a, b));
}

static void fuzz_wrapped(const uint8_t *data, size_t size)
{
	AUTO_TPM_FILE struct tpm_file file = TPM_FILE_INIT;
	struct tpm_trouble trouble = { DEVID_OK };
	struct tpm_duplicate duplicate;
	g_autoptr(GBytes) public = NULL;
	g_autoptr(GBytes) private = NULL;
	EVP_PKEY *pkey;

	if (!tpm_file_is_wrapped(data, size) || !tpm_file_read_wrapped(data, size, &file, NULL))
		return;
	pkey = tpm_wrapped_read(&file, &duplicate, &trouble);
	FUZZ_CHECK(!pkey == (trouble.result != DEVID_OK));
	if (!pkey)
		return;
	public = tpm_marshal_public(&duplicate.public);
	private = tpm_marshal_private(&duplicate.duplicate);
	same(public, file.public);
	same(private, file.private);
	EVP_PKEY_free(pkey);
}

/* As the agent that lends looks at it, before the TPM does. */
static void fuzz_lent(const uint8_t *data, size_t size, bool wrapped)
{
	AUTO_TPM_FILE struct tpm_file file = TPM_FILE_INIT;
	struct tpm_trouble trouble = { DEVID_OK };
	EVP_PKEY *pkey;

	if (!(wrapped ? tpm_file_read_duplicate : tpm_file_read)(data, size, &file, NULL))
		return;
	FUZZ_CHECK(wrapped == (file.seed != NULL));
	pkey = tpm_wrapped_public(&file, &trouble);
	FUZZ_CHECK(!pkey == (trouble.result != DEVID_OK));
	EVP_PKEY_free(pkey);
}

static void fuzz_storage_key(const uint8_t *data, size_t size)
{
	static EVP_PKEY *key;
	const struct secret no_auth = SECRET_INIT;
	AUTO_TPM_FILE struct tpm_file file = TPM_FILE_INIT;
	struct tpm_trouble trouble = { DEVID_OK };
	struct tpm_duplicate duplicate;
	g_autoptr(GBytes) parent = tpm_file_read_public(data, size, NULL);
	g_autoptr(GBytes) pem = parent ? tpm_file_write_public(parent) : NULL;
	g_autoptr(GBytes) back = NULL;
	g_autoptr(GBytes) name = NULL;
	EVP_PKEY *public;

	if (!parent)
		return;
	back = tpm_file_read_public(g_bytes_get_data(pem, NULL), g_bytes_get_size(pem), NULL);
	same(back, parent);
	if (!key)
		key = EVP_EC_gen("P-256");
	if (!tpm_wrapped_make(key, &no_auth, parent, &file, &name, &trouble)) {
		FUZZ_CHECK(trouble.result != DEVID_OK);
		return;
	}
	public = tpm_wrapped_read(&file, &duplicate, &trouble);
	FUZZ_CHECK(public && EVP_PKEY_eq(public, key) == 1);
	EVP_PKEY_free(public);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (data[0] == 'k')
		fuzz_wrapped(data + 1, size - 1);
	else if (data[0] == 'l' || data[0] == 'd')
		fuzz_lent(data + 1, size - 1, data[0] == 'd');
	else
		fuzz_storage_key(data + 1, size - 1);
	return 0;
}
