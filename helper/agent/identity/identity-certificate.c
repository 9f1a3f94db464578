/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of a certificate goes into a record, and the account's limits once more. */
#include <string.h>
#include <gnutls/abstract.h>
#include <devid/check.h>
#include <devid/limits.h>
#include <devid/reason.h>
#include <internal/utf8.h>
#include "account/certificate-fact.h"
#include "account/check-path.h"
#include "base/certificate.h"
#include "base/error.h"
#include "identity-certificate.h"
#include "identity-mark.h"

static GBytes *export_spki(gnutls_pubkey_t key)
{
	gnutls_datum_t der = { NULL, 0 };
	GBytes *spki = NULL;

	if (gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &der) == 0)
		spki = g_bytes_new(der.data, der.size);
	gnutls_free(der.data);
	return spki;
}

static GBytes *certificate_spki(gnutls_x509_crt_t x509)
{
	GBytes *spki = NULL;
	gnutls_pubkey_t key;

	if (gnutls_pubkey_init(&key) != 0)
		return NULL;
	if (gnutls_pubkey_import_x509(key, x509, 0) == 0)
		spki = export_spki(key);
	gnutls_pubkey_deinit(key);
	return spki;
}

static void digest(GChecksumType type, const void *data, gsize length, guint8 *out, gsize size)
{
	g_autoptr(GChecksum) sum = g_checksum_new(type);
	guint8 whole[64];
	gsize whole_size = sizeof(whole);

	g_checksum_update(sum, data, (gssize)length);
	g_checksum_get_digest(sum, whole, &whole_size);
	memcpy(out, whole, MIN(size, whole_size));
}

void certificate_spki_digest(GBytes *spki, guint8 hash[32], char hex[SPKI_HEX_SIZE],
			     guint8 id[KEY_ID_SIZE])
{
	gsize length;
	const void *data = g_bytes_get_data(spki, &length);

	digest(G_CHECKSUM_SHA256, data, length, hash, 32);
	digest(G_CHECKSUM_SHA1, data, length, id, KEY_ID_SIZE);
	hex_encode(hash, 32, hex);
}

/* The longest beginning that may stand in a record. */
static char *shorten(const char *text)
{
	char *copy = g_strdup(text);
	gsize length = strlen(copy);

	while (length > RECORD_LABEL_MAX || !utf8_is_printable(copy, length)) {
		if (length == 0)
			break;
		length--;
	}
	copy[length] = '\0';
	return copy;
}

static char *certificate_name(gnutls_x509_crt_t x509)
{
	g_autofree char *common_name = certificate_common_name(x509);
	char *name = common_name ? shorten(common_name) : NULL, *subject;

	if (!name || !*name) {
		g_free(name);
		subject = devid_subject_to_string(x509);
		name = shorten(subject ? subject : "");
		free(subject);
	}
	if (!*name) {
		g_free(name);
		name = g_strdup("certificate");
	}
	return name;
}

bool certificate_read(GBytes *der, const char *what, struct certificate *certificate,
		      GError **error)
{
	gsize length;
	const void *data = g_bytes_get_data(der, &length);

	memset(certificate, 0, sizeof(*certificate));
	certificate->x509 = certificate_from_der(data, length);
	certificate->spki = certificate->x509 ? certificate_spki(certificate->x509) : NULL;
	if (!certificate->spki) {
		certificate_clear(certificate);
		return devid_error_set(error, DEVID_BAD_DATA, NULL, NULL, "%s: it can't be read",
				       what);
	}
	certificate->der = g_bytes_ref(der);
	certificate_spki_digest(certificate->spki, certificate->spki_hash, certificate->spki_hex,
				certificate->id);
	digest(G_CHECKSUM_SHA1, data, length, certificate->check_value,
	       sizeof(certificate->check_value));
	certificate->authority = certificate_claims_ca(certificate->x509);
	certificate->name = certificate_name(certificate->x509);
	return true;
}

void certificate_clear(struct certificate *certificate)
{
	if (certificate->x509)
		gnutls_x509_crt_deinit(certificate->x509);
	g_clear_pointer(&certificate->der, g_bytes_unref);
	g_clear_pointer(&certificate->spki, g_bytes_unref);
	g_free(certificate->name);
	memset(certificate, 0, sizeof(*certificate));
}

bool certificate_fits(const struct certificate *certificate, const struct devid_account *account,
		      bool accept, bool *accepted, GError **error)
{
	const struct devid_reason *never =
		devid_reason_find(check_not_a_device(account, certificate->x509));
	struct devid_size size;
	bool acceptable = false;

	*accepted = false;
	if (never)
		return devid_error_set(error, never->result, never->word, never->hint,
				       "certificate: %s", never->cause);
	if (devid_device_size(account, g_bytes_get_size(certificate->der), &size, &acceptable) ==
	    DEVID_OK)
		return true;
	if (accept && acceptable) {
		*accepted = true;
		return true;
	}
	return devid_error_set(error, DEVID_TOO_LARGE, NULL,
			       acceptable ? "if the service takes it: --accept-size"
					  : "ask for a smaller certificate",
			       "certificate: %zu bytes as PEM, %zu as DER; the limit is %zu as %s",
			       size.pem, size.der, size.limit,
			       size.measure == DEVID_SIZE_PEM ? "PEM" : "DER");
}

bool certificate_fits_signing(const struct certificate *certificate,
			      const struct devid_account *account, GError **error)
{
	size_t size = devid_pem_size(g_bytes_get_size(certificate->der));

	if (devid_signing_size(account, size) == DEVID_OK)
		return true;
	return devid_error_set(error, DEVID_TOO_LARGE, NULL, NULL,
			       "certificate: %zu bytes as PEM; the limit for a CA's is %zu", size,
			       devid_account_signing_limit(account));
}

bool certificate_spki_is_supported(GBytes *spki, const char *what, GError **error)
{
	enum devid_result result = DEVID_BAD_DATA;
	const char *why = "it can't be read";
	gnutls_pubkey_t key;
	gnutls_datum_t der;
	gsize length;

	der.data = (unsigned char *)g_bytes_get_data(spki, &length);
	der.size = (unsigned)length;
	if (gnutls_pubkey_init(&key) != 0) {
		result = DEVID_NO_MEMORY;
		why = "no memory";
	} else {
		if (gnutls_pubkey_import(key, &der, GNUTLS_X509_FMT_DER) == 0)
			result = devid_key_supported(key, &why);
		gnutls_pubkey_deinit(key);
	}
	if (result == DEVID_OK)
		return true;
	return devid_error_set(error, result, NULL, NULL, "%s: %s", what, why);
}

bool certificate_label_is_good(const char *label, GError **error)
{
	if (record_label_is_sound(label))
		return true;
	return devid_error_set(
		error, DEVID_USAGE, NULL, NULL,
		"label: it must be 1 to %d bytes of UTF-8 without control characters",
		RECORD_LABEL_MAX);
}
