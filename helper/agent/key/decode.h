/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading and judging private keys with libcrypto. A PKCS#8 is taken apart with the plain ASN.1
 * readers and not with OSSL_DECODER: the decoders look through every registered format and cost
 * 1.1 ms a process and 0.5 ms a key, these 0.1 ms and 0.03 ms.
 */
#pragma once

#include <stdbool.h>
#include <devid/result.h>
#include <glib.h>
#include <internal/secret.h>
#include <openssl/evp.h>

typedef EVP_PKEY software_pkey;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(software_pkey, EVP_PKEY_free)

/* Reads a PKCS#8 PrivateKeyInfo (RFC 5208) and judges the key: RSA of 2048 to 4096 bits with two
 * primes, or a named P-256, P-384, P-521. NULL with DEVID_BAD_DATA or DEVID_UNSUPPORTED.
 */
EVP_PKEY *decode_pkcs8(const struct secret *pkcs8, GError **error);
/* The same verdict of a key that was put together otherwise. */
bool decode_check(EVP_PKEY *pkey, GError **error);
/* The DER SubjectPublicKeyInfo; NULL with DEVID_FAILED. */
GBytes *decode_spki(EVP_PKEY *pkey, GError **error);
/* Sets `error` to "WHAT: " and libcrypto's words for the newest error of this thread's queue, which
 * is emptied. Answers false, or NULL, for callers that answer it in turn.
 */
bool decode_error(GError **error, enum devid_result result, const char *what);
#define software_null(error, result, what) (decode_error(error, result, what), NULL)
