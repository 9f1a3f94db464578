/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a person, or a program, wants to know of a certificate, as text. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <glib.h>
#include <gnutls/abstract.h>
#include <gnutls/x509.h>

#define CERTIFICATE_KEY_ID_MAX 128
#define CERTIFICATE_SERIAL_MAX 64 /* RFC 5280 section 4.1.2.2 allows 20 */

/* NULL: it can't be read. The caller deinits it. */
gnutls_x509_crt_t certificate_from_der(const void *der, size_t length);

/* Each newly allocated, never NULL: g_free(). */
char *certificate_subject(gnutls_x509_crt_t certificate);
char *certificate_issuer(gnutls_x509_crt_t certificate);
char *certificate_key(gnutls_x509_crt_t certificate); /* "RSA 2048", "EC P-256" */
char *certificate_public_key(gnutls_pubkey_t key);
char *certificate_serial(gnutls_x509_crt_t certificate);
char *certificate_fingerprint(gnutls_x509_crt_t certificate); /* SHA-256, lower-case hex */
/* Appends that many certificates as PEM; `title` begins the message. */
bool certificate_append_pem(const gnutls_x509_crt_t *chain, size_t count, GString *pem,
			    const char *title, GError **error);
size_t certificate_der_size(gnutls_x509_crt_t certificate);

/* The first common name of the subject as UTF-8 text, whatever string type it has; NULL: there is
 * none that can be read.
 */
char *certificate_common_name(gnutls_x509_crt_t certificate);
/* Lower-case hex: the subject key identifier, else the SHA-1 of the key. */
char *certificate_key_id(gnutls_x509_crt_t certificate);
/* Lower-case hex of the authority key identifier, or NULL. */
char *certificate_authority_key_id(gnutls_x509_crt_t certificate);

/* A serial number's content bytes (at most CERTIFICATE_SERIAL_MAX) as lists of revoked ones hold
 * it: lower-case hex without leading zeros. "0" and nothing at all are "".
 */
char *certificate_serial_trim(const void *serial, size_t size);
/* The certificate's own; NULL: one that doesn't fit, or isn't there. */
char *certificate_serial_trimmed(gnutls_x509_crt_t certificate);
