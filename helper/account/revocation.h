/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Revoked certificates: a list of serial numbers and certificate revocation lists (RFC 5280 section
 * 5).
 */
#pragma once

#include <stdbool.h>
#include <time.h>
#include <glib.h>
#include <gnutls/x509.h>

#define REVOCATION_SERIALS_MAX (8 * 1024 * 1024)
#define REVOCATION_CRL_MAX     (16 * 1024 * 1024)

struct revocation {
	GHashTable *serials; /* lower-case hex without leading zeros, "@" and the issuer's key
				identifier behind it where it is of one issuer alone; or NULL */
	GPtrArray *lists;    /* struct revocation_list *; NULL where the account asks for none */
};

/* Adds what a file or a value holds: NULL, or what is wrong (free it). `text` needs no NUL. */
char *revocation_add_serials(struct revocation *revocation, const char *text, gsize length);
char *revocation_add_list(struct revocation *revocation, const void *data, gsize length);
void revocation_clear(struct revocation *revocation);

/* Whether one of the serial numbers (not: of the lists) is the certificate's. */
bool revocation_lists_serial(const struct revocation *revocation, gnutls_x509_crt_t certificate,
			     const char *key_id);

/* Judges one certificate that `issuer` issued: NULL, or the reason word and *message is made.
 * `required`: without a list by that issuer it fails, where the account asks for lists.
 */
const char *revocation_check(const struct revocation *revocation, gnutls_x509_crt_t certificate,
			     gnutls_x509_crt_t issuer, time_t at, bool required, char **message);
/* The first moment after `at` at which a list begins or ends to be current; 0: none. */
time_t revocation_next_change(const struct revocation *revocation, time_t at);
