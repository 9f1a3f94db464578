/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signatures verified by GnuTLS and Nettle, with the public keys of the tests' certificates:
 * nothing that the token says is believed.
 */
#ifndef TEST_MODULE_SPEC_VERIFY_H
#define TEST_MODULE_SPEC_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <gnutls/abstract.h>

struct verify_pss {
	gnutls_digest_algorithm_t hash; /* MGF1 uses the same */
	unsigned salt;
};

/* NAME.SUFFIX of the tests' PKI; the caller frees. */
gnutls_datum_t verify_file(const char *name, const char *suffix);
/* Names of the tests' PKI; fails the test where there is no such certificate. */
gnutls_pubkey_t verify_key(const char *name);
unsigned verify_bits(const char *name);
bool verify_is_rsa(const char *name);
/* A message, or where `hashed` its hash. `pss` NULL: PKCS#1 or ECDSA (r||s) after the key. */
bool verify_message(const char *name, gnutls_digest_algorithm_t digest,
		    const struct verify_pss *pss, bool hashed, const uint8_t *data, size_t length,
		    const uint8_t *signature, size_t signature_length);
/* PKCS#1 padding around any bytes; ECDSA of any bytes as if they were a hash. */
bool verify_bare(const char *name, const uint8_t *data, size_t length, const uint8_t *signature,
		 size_t signature_length);

#endif
