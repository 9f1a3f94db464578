/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A private key's URI as a PEM file, for programs that take files alone: OpenSSL's pkcs11-provider
 * decodes it as the key. It holds nothing secret.
 */
#pragma once

#include "identity.h"

/* "-----BEGIN PKCS#11 PROVIDER URI-----" and so on: the DER of SEQUENCE { VisibleString with the
 * format's name, UTF8String with the URI } (pkcs11-provider, pull requests 328 and 363). NULL: out
 * of memory. */
char *key_reference_pem(const struct identity *identity);
