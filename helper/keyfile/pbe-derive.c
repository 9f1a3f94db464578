/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Deriving keys from a password, and what is done with them: decryption and integrity checks. */
#include <string.h>
#include <internal/cleanup.h>
#include "ber.h"
#include "pbe-derive.h"
#include "pbe.h"

#define KEY_MAX 64

/* What PBKDF1 and RFC 7292 appendix B.2 have in common: a hash of a hash, many times over. */
struct rounds {
	gnutls_hash_hd_t hash;
	struct secret input; /* of the first one; in RFC 7292 D || S || P, rewritten each time */
	size_t block, digest;
	uint8_t a[64]; /* what comes out */
};

static void rounds_clear(struct rounds *rounds)
{
	if (rounds->hash)
		gnutls_hash_deinit(rounds->hash, NULL);
	secret_wipe(rounds->a, sizeof(rounds->a));
	secret_clear(&rounds->input);
}

static bool rounds_begin(struct rounds *rounds, const struct pbe *pbe)
{
	/* Enumerations of hashes and their HMACs have the same values in GnuTLS. */
	gnutls_digest_algorithm_t digest = (gnutls_digest_algorithm_t)pbe->digest;

	rounds->digest = gnutls_hash_get_len(digest);
	rounds->block = rounds->digest > 32 ? 128 : 64;
	return gnutls_hash_init(&rounds->hash, digest) >= 0;
}

static size_t round_up(size_t length, size_t block)
{
	return (length + block - 1) / block * block;
}

static void repeat(uint8_t *out, size_t length, const uint8_t *pattern, size_t period)
{
	for (size_t i = 0; i < length; i++)
		out[i] = pattern[i % period];
}

/* A = H^c(input). */
static bool rounds_run(struct rounds *rounds, uint64_t iterations)
{
	if (gnutls_hash(rounds->hash, rounds->input.data, rounds->input.length) < 0)
		return false;
	gnutls_hash_output(rounds->hash, rounds->a);
	while (--iterations) {
		if (gnutls_hash(rounds->hash, rounds->a, rounds->digest) < 0)
			return false;
		gnutls_hash_output(rounds->hash, rounds->a);
	}
	return true;
}

/* I_j = (I_j + B + 1) mod 2^(8v), for each block of I. */
static void advance(struct rounds *kdf)
{
	uint8_t b[128];

	repeat(b, kdf->block, kdf->a, kdf->digest);
	for (size_t at = kdf->block; at < kdf->input.length; at += kdf->block) {
		unsigned carry = 1;

		for (size_t i = kdf->block; i; i--) {
			carry += kdf->input.data[at + i - 1] + b[i - 1];
			kdf->input.data[at + i - 1] = (uint8_t)carry;
			carry >>= 8;
		}
	}
	secret_wipe(b, sizeof(b));
}

/* `id`: 1 key, 2 IV, 3 MAC key. */
static bool derive_pkcs12(const struct pbe *pbe, const struct secret *bmp, uint8_t id, uint8_t *out,
			  size_t length)
{
	AUTO(rounds) struct rounds kdf = { .input = SECRET_INIT };
	size_t salt, secret;

	if (!rounds_begin(&kdf, pbe))
		return false;
	salt = round_up(pbe->salt_length, kdf.block);
	secret = round_up(bmp->length, kdf.block);
	if (secret_resize(&kdf.input, kdf.block + salt + secret))
		return false;
	memset(kdf.input.data, id, kdf.block);
	repeat(kdf.input.data + kdf.block, salt, pbe->salt, pbe->salt_length);
	repeat(kdf.input.data + kdf.block + salt, secret, bmp->data, bmp->length);
	while (length) {
		size_t part = MIN(length, kdf.digest);

		if (!rounds_run(&kdf, pbe->iterations))
			return false;
		memcpy(out, kdf.a, part);
		out += part;
		length -= part;
		if (length)
			advance(&kdf);
	}
	return true;
}

/* RFC 8018 section 5.1 with section 6.1: eight bytes of key, eight of IV. */
static bool derive_pbkdf1(const struct pbe *pbe, const struct secret *raw, uint8_t out[16])
{
	AUTO(rounds) struct rounds kdf = { .input = SECRET_INIT };

	if (!rounds_begin(&kdf, pbe) || secret_append(&kdf.input, raw->data, raw->length) ||
	    secret_append(&kdf.input, pbe->salt, pbe->salt_length) ||
	    !rounds_run(&kdf, pbe->iterations))
		return false;
	memcpy(out, kdf.a, 16);
	return true;
}

static bool derive_pbkdf2(const struct pbe *pbe, const struct secret *raw, uint8_t *out,
			  size_t length)
{
	static uint8_t nothing;
	gnutls_datum_t key = { raw->length ? raw->data : &nothing, (unsigned)raw->length };
	gnutls_datum_t salt = { (uint8_t *)pbe->salt, (unsigned)pbe->salt_length };

	return gnutls_pbkdf2(pbe->digest, &key, &salt, (unsigned)pbe->iterations, out, length) >= 0;
}

/* Key and IV for one form of the password. */
static bool derive(const struct pbe *pbe, const struct pbe_password_form *form, uint8_t *key,
		   uint8_t *iv)
{
	unsigned iv_size = gnutls_cipher_get_iv_size(pbe->cipher->cipher);
	uint8_t both[16];

	switch (pbe->kdf) {
	case PBE_KDF_PBKDF2:
		memcpy(iv, pbe->iv, iv_size);
		return derive_pbkdf2(pbe, &form->raw, key, pbe->cipher->key);
	case PBE_KDF_PBKDF1:
		if (!derive_pbkdf1(pbe, &form->raw, both))
			return false;
		memcpy(key, both, 8);
		memcpy(iv, both + 8, 8);
		secret_wipe(both, sizeof(both));
		return true;
	default:
		if (!derive_pkcs12(pbe, &form->bmp, 1, key, pbe->cipher->key) ||
		    !derive_pkcs12(pbe, &form->bmp, 2, iv, iv_size))
			return false;
		if (pbe->cipher->cipher == GNUTLS_CIPHER_3DES_CBC && pbe->cipher->key == 16)
			memcpy(key + 16, key, 8); /* two-key 3DES: K1, K2, K1 */
		return true;
	}
}

/* RFC 8018 section 6.1.1 step 4, then: one SEQUENCE that fills what is left. */
static bool strip_and_judge(struct secret *plain, unsigned block)
{
	struct ber reader;
	struct ber_item item;

	if (block > 1) {
		uint8_t pad = plain->data[plain->length - 1];

		if (pad == 0 || pad > block || pad > plain->length)
			return false;
		for (size_t i = 1; i <= pad; i++)
			if (plain->data[plain->length - i] != pad)
				return false;
		if (secret_resize(plain, plain->length - pad))
			return false;
	}
	reader = (struct ber){ plain->data, plain->length };
	return ber_take(&reader, BER_SEQUENCE, &item) && reader.length == 0;
}

static bool decrypt_once(const struct pbe *pbe, const struct pbe_password_form *form,
			 const struct secret *cipher, struct secret *plain)
{
	uint8_t key[KEY_MAX], iv[16] = { 0 };
	unsigned block = gnutls_cipher_get_block_size(pbe->cipher->cipher);
	gnutls_datum_t key_datum = { key, gnutls_cipher_get_key_size(pbe->cipher->cipher) };
	gnutls_datum_t iv_datum = { iv, gnutls_cipher_get_iv_size(pbe->cipher->cipher) };
	gnutls_cipher_hd_t handle;
	bool opened = false;

	secret_clear(plain);
	if (derive(pbe, form, key, iv) && !secret_append(plain, cipher->data, cipher->length) &&
	    gnutls_cipher_init(&handle, pbe->cipher->cipher, &key_datum, &iv_datum) >= 0) {
		opened = gnutls_cipher_decrypt(handle, plain->data, plain->length) >= 0 &&
			 strip_and_judge(plain, block);
		gnutls_cipher_deinit(handle);
	}
	secret_wipe(key, sizeof(key));
	secret_wipe(iv, sizeof(iv));
	if (!opened)
		secret_clear(plain);
	return opened;
}

static bool spend(struct pbe_password *password, uint64_t iterations)
{
	if (password->work < iterations)
		return false;
	password->work -= iterations;
	return true;
}

/* The forms of the password, the one that served last first. */
static const struct pbe_password_form *nth_form(const struct pbe_password *password, size_t n,
						size_t *index)
{
	*index = n == 0 ? password->preferred : n <= password->preferred ? n - 1 : n;
	return &password->forms[*index];
}

enum pbe_outcome pbe_decrypt(const struct pbe *pbe, struct pbe_password *password,
			     const struct secret *cipher, struct secret *plain)
{
	unsigned block;
	size_t index;

	if (!pbe->cipher || pbe->unreadable)
		return PBE_BROKEN;
	block = gnutls_cipher_get_block_size(pbe->cipher->cipher);
	if (cipher->length == 0 || cipher->length % block)
		return PBE_BROKEN;
	for (size_t n = 0; n < password->count; n++) {
		const struct pbe_password_form *form = nth_form(password, n, &index);

		if (!spend(password, pbe->iterations))
			return PBE_TOO_MUCH;
		if (decrypt_once(pbe, form, cipher, plain)) {
			password->preferred = index;
			return PBE_OPENED;
		}
	}
	return PBE_REFUSED;
}

enum pbe_outcome pbe_verify_mac(const struct pbe *pbe, struct pbe_password *password,
				const struct secret *content, const struct secret *expected)
{
	size_t length = gnutls_hmac_get_len(pbe->mac), index;
	uint8_t key[PBE_MAC_KEY_MAX], made[64];

	if (pbe->unreadable || expected->length != length)
		return PBE_BROKEN;
	for (size_t n = 0; n < password->count; n++) {
		const struct pbe_password_form *form = nth_form(password, n, &index);
		size_t key_length = pbe->kdf == PBE_KDF_PBKDF2 ? pbe->mac_key : length;
		bool same;

		if (!spend(password, pbe->iterations))
			return PBE_TOO_MUCH;
		if (!(pbe->kdf == PBE_KDF_PBKDF2
			      ? derive_pbkdf2(pbe, &form->raw, key, key_length)
			      : derive_pkcs12(pbe, &form->bmp, 3, key, key_length)))
			return PBE_BROKEN;
		same = gnutls_hmac_fast(pbe->mac, key, key_length, content->data, content->length,
					made) >= 0 &&
		       gnutls_memcmp(made, expected->data, length) == 0;
		secret_wipe(key, sizeof(key));
		if (same) {
			password->preferred = index;
			return PBE_OPENED;
		}
	}
	return PBE_REFUSED;
}
