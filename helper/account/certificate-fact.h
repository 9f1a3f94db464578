/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a certificate is and bears, whatever path it stands on. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <gnutls/x509.h>

/* Basic constraints say CA, and a key usage, where there is one, keyCertSign (RFC 5280
 * sections 4.2.1.9 and 4.2.1.3).
 */
bool certificate_is_ca(gnutls_x509_crt_t certificate);
/* Basic constraints say CA, or can't be read: whatever the key usage says, it is no device's. */
bool certificate_claims_ca(gnutls_x509_crt_t certificate);
/* The same of DER, and false where that is no certificate. */
bool certificate_der_claims_ca(const void *der, size_t length);
/* Whether both bear the same public key, however it is written. */
bool certificate_keys_same(gnutls_x509_crt_t a, gnutls_x509_crt_t b);
/* RSA and DSA under 2048 bits, EC under 224. */
bool certificate_key_weak(gnutls_x509_crt_t certificate);
/* Signed with a hash that is broken or unknown: MD2, MD5, SHA-1. */
bool certificate_signature_weak(gnutls_x509_crt_t certificate);
/* Whether the certificate's subject is that DER name, by value. */
bool certificate_subject_is(gnutls_x509_crt_t certificate, const gnutls_datum_t *name);
