/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One revocation list: its serial numbers in a hash table, its dates, and by whom it is signed.
 *
 * GnuTLS goes through the list for each certificate that it looks up, and hashes all of it for each
 * signature that it verifies. So both are done once.
 */
#include "base/auto-gnutls.h"
#include "base/certificate.h"
#include "certificate-fact.h"
#include "check-signature.h"
#include "revocation-list.h"

/* Verdicts on issuers that are remembered: the account's own, and what paths bring along. */
#define ISSUERS_MAX 64

struct known_issuer {
	gnutls_x509_crt_t certificate;
	bool signed_by;
};

static void known_issuer_clear(void *data)
{
	gnutls_x509_crt_deinit(((struct known_issuer *)data)->certificate);
}

void revocation_list_free(struct revocation_list *list)
{
	if (!list)
		return;
	gnutls_x509_crl_deinit(list->crl);
	gnutls_free(list->issuer.data);
	g_hash_table_destroy(list->serials);
	g_array_unref(list->known);
	g_mutex_clear(&list->lock);
	g_free(list);
}

/* Critical extensions change what a list says (delta, indirect, by scope); none is understood
 * here. */
static bool has_critical_extension(gnutls_x509_crl_t crl)
{
	char oid[128];

	for (unsigned i = 0;; i++) {
		size_t size = sizeof(oid);
		unsigned critical = 0;
		int result = gnutls_x509_crl_get_extension_info(crl, i, oid, &size, &critical);

		if (result == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			return false;
		if (result < 0 || critical)
			return true;
	}
}

static bool read_serials(struct revocation_list *list)
{
	gnutls_x509_crl_iter_t at = NULL;
	int result;

	for (;;) {
		unsigned char serial[CERTIFICATE_SERIAL_MAX];
		size_t size = sizeof(serial);

		result = gnutls_x509_crl_iter_crt_serial(list->crl, &at, serial, &size, NULL);
		if (result < 0)
			break;
		g_hash_table_add(list->serials, certificate_serial_trim(serial, size));
	}
	gnutls_x509_crl_iter_deinit(at);
	return result == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE;
}

struct revocation_list *revocation_list_new(gnutls_x509_crl_t crl, const char **why)
{
	struct revocation_list *list = g_new0(struct revocation_list, 1);

	*why = NULL;
	list->crl = crl;
	list->serials = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	list->from = gnutls_x509_crl_get_this_update(crl);
	list->until = gnutls_x509_crl_get_next_update(crl);
	list->known = g_array_new(false, false, sizeof(struct known_issuer));
	g_array_set_clear_func(list->known, known_issuer_clear);
	g_mutex_init(&list->lock);
	if (has_critical_extension(crl))
		*why = "a delta, indirect or scoped revocation list is not supported";
	else if (gnutls_x509_crl_get_raw_issuer_dn(crl, &list->issuer) < 0)
		*why = "a revocation list in it names no issuer";
	else if (!read_serials(list))
		*why = "a serial number of a revocation list can't be read";
	if (!*why)
		return list;
	revocation_list_free(list);
	return NULL;
}

bool revocation_list_is_of(const struct revocation_list *list, gnutls_x509_crt_t issuer)
{
	return certificate_subject_is(issuer, &list->issuer);
}

static bool may_sign_lists(gnutls_x509_crt_t issuer)
{
	unsigned usage = 0;
	int result = gnutls_x509_crt_get_key_usage(issuer, &usage, NULL);

	return gnutls_x509_crt_get_ca_status(issuer, NULL) > 0 &&
	       (result == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE ||
		(result >= 0 && (usage & GNUTLS_KEY_CRL_SIGN)));
}

static bool verify(const struct revocation_list *list, gnutls_x509_crt_t issuer)
{
	return may_sign_lists(issuer) &&
	       check_list_signature(list->crl, issuer) == CHECK_SIGNATURE_GOOD;
}

/* A copy, for the caller's certificate may go before the list does. */
static void remember(struct revocation_list *list, gnutls_x509_crt_t issuer, bool signed_by)
{
	struct known_issuer known = { NULL, signed_by };
	g_auto(gnutls_datum_t) der = { NULL, 0 };

	if (list->known->len >= ISSUERS_MAX || gnutls_x509_crt_init(&known.certificate) < 0)
		return;
	if (gnutls_x509_crt_export2(issuer, GNUTLS_X509_FMT_DER, &der) >= 0 &&
	    gnutls_x509_crt_import(known.certificate, &der, GNUTLS_X509_FMT_DER) >= 0)
		g_array_append_val(list->known, known);
	else
		gnutls_x509_crt_deinit(known.certificate);
}

bool revocation_list_is_signed_by(struct revocation_list *list, gnutls_x509_crt_t issuer)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&list->lock);
	bool signed_by;

	for (guint i = 0; i < list->known->len; i++) {
		const struct known_issuer *known =
			&g_array_index(list->known, struct known_issuer, i);

		if (gnutls_x509_crt_equals(known->certificate, issuer))
			return known->signed_by;
	}
	signed_by = verify(list, issuer);
	remember(list, issuer, signed_by);
	return signed_by;
}
