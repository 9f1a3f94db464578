/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One revocation list (RFC 5280 section 5), made ready when it is loaded: a check asks by hash,
 * whatever the list's length.
 */
#pragma once

#include <stdbool.h>
#include <time.h>
#include <glib.h>
#include <gnutls/x509.h>

struct revocation_list {
	gnutls_x509_crl_t crl;
	gnutls_datum_t issuer;
	GHashTable *serials; /* as certificate_serial_trim() writes them */
	time_t from, until;  /* thisUpdate and nextUpdate; MOMENT_NONE where it has none */
	GMutex lock;	     /* of what follows */
	GArray *known;	     /* issuers that were asked about */
};

/* Takes `crl`. NULL with *why: static words for what can't be used (`crl` is gone then as well). */
struct revocation_list *revocation_list_new(gnutls_x509_crl_t crl, const char **why);
void revocation_list_free(struct revocation_list *list);

/* Whether it bears the name of `issuer`, by value. */
bool revocation_list_is_of(const struct revocation_list *list, gnutls_x509_crt_t issuer);
/* Whether the key of `issuer` signed it, and may sign lists. Any thread may ask. */
bool revocation_list_is_signed_by(struct revocation_list *list, gnutls_x509_crt_t issuer);
