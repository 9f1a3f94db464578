/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Private keys as other tools write them (C_CreateObject), made into a PKCS#8; and whether a
 * private key belongs to a public one.
 */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <internal/wire.h>
#include <openssl/evp.h>

/* A key of libcrypto's as PKCS#8 DER. */
bool encode_pkcs8(EVP_PKEY *pkey, struct secret *pkcs8, GError **error);
/* For writes: PKCS#8 from the numbers of a C_CreateObject frame (an EC key without its
 * point is completed), and the DER SPKI of a PKCS#8.
 */
bool key_pkcs8_from_frame(const struct wire_frame *request, struct secret *pkcs8, GError **error);
GBytes *key_spki_from_pkcs8(const struct secret *pkcs8, GError **error);
/* A PKCS#8 and a public key belong together: a signature made and verified. */
bool key_matches_spki(const struct secret *pkcs8, GBytes *spki, GError **error);
