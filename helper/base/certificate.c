/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a person, or a program, wants to know of a certificate, as text. */
#include <stdlib.h>
#include <string.h>
#include <devid/check.h>
#include <glib.h>
#include "auto-gnutls.h"
#include "certificate.h"
#include "der.h"
#include "error.h"
#include "name-alternative.h"
#include "name.h"
#include "text.h"

gnutls_x509_crt_t certificate_from_der(const void *der, size_t length)
{
	const gnutls_datum_t datum = { (unsigned char *)der, (unsigned)length };
	gnutls_x509_crt_t certificate = NULL;

	if (gnutls_x509_crt_init(&certificate) < 0 ||
	    gnutls_x509_crt_import(certificate, &datum, GNUTLS_X509_FMT_DER) >= 0)
		return certificate;
	gnutls_x509_crt_deinit(certificate);
	return NULL;
}

static char *raw_name_to_string(gnutls_x509_crt_t certificate,
				int (*get)(gnutls_x509_crt_t, gnutls_datum_t *))
{
	g_auto(gnutls_datum_t) der = { NULL, 0 };

	return get(certificate, &der) >= 0 ? devid_name_to_string(&der) : NULL;
}

char *devid_subject_to_string(gnutls_x509_crt_t certificate)
{
	char *subject = raw_name_to_string(certificate, gnutls_x509_crt_get_raw_dn);
	char *others = subject && !*subject ? name_alternatives_to_string(certificate) : NULL;

	if (!others)
		return subject;
	g_free(subject);
	return others;
}

char *devid_issuer_to_string(gnutls_x509_crt_t certificate)
{
	return raw_name_to_string(certificate, gnutls_x509_crt_get_raw_issuer_dn);
}

static char *taken(char *text, const char *otherwise)
{
	char *copy = g_strdup(text ? text : otherwise);

	free(text);
	return copy;
}

char *certificate_subject(gnutls_x509_crt_t certificate)
{
	return taken(devid_subject_to_string(certificate), "(unreadable name)");
}

char *certificate_issuer(gnutls_x509_crt_t certificate)
{
	return taken(devid_issuer_to_string(certificate), "(unreadable name)");
}

char *certificate_common_name(gnutls_x509_crt_t certificate)
{
	static const guint8 common_name[] = { 0x55, 0x04, 0x03 }; /* 2.5.4.3 */
	const struct der wanted = { common_name, sizeof(common_name) };
	g_auto(gnutls_datum_t) raw = { NULL, 0 };
	struct der rest, name = { NULL, 0 }, rdn = { NULL, 0 }, oid, value;
	char *found = NULL;
	gsize length;
	guint8 tag;

	if (gnutls_x509_crt_get_raw_dn(certificate, &raw) < 0)
		return NULL;
	rest = (struct der){ raw.data, raw.size };
	der_expect(&rest, DER_SEQUENCE, &name);
	while (!found && name_next_attribute(&name, &rdn, &oid, &tag, &value)) {
		g_autofree char *text = NULL;

		if (der_equal(&oid, &wanted))
			text = name_string_value(tag, value.data, value.length, &length);
		found = text ? g_utf8_make_valid(text, (gssize)length) : NULL;
	}
	return found;
}

static const struct {
	gnutls_ecc_curve_t curve;
	const char *name;
} curves[] = {
	{ GNUTLS_ECC_CURVE_SECP256R1, "EC P-256" },
	{ GNUTLS_ECC_CURVE_SECP384R1, "EC P-384" },
	{ GNUTLS_ECC_CURVE_SECP521R1, "EC P-521" },
};

char *certificate_public_key(gnutls_pubkey_t key)
{
	unsigned bits = 0;
	gnutls_ecc_curve_t curve;
	int algorithm = gnutls_pubkey_get_pk_algorithm(key, &bits);

	if (algorithm < 0)
		return g_strdup("unknown");
	if (algorithm == GNUTLS_PK_RSA)
		return g_strdup_printf("RSA %u", bits);
	if (algorithm == GNUTLS_PK_ECDSA &&
	    gnutls_pubkey_export_ecc_raw(key, &curve, NULL, NULL) >= 0)
		for (size_t i = 0; i < G_N_ELEMENTS(curves); i++)
			if (curves[i].curve == curve)
				return g_strdup(curves[i].name);
	return g_strdup(gnutls_pk_get_name((gnutls_pk_algorithm_t)algorithm));
}

char *certificate_key(gnutls_x509_crt_t certificate)
{
	g_auto(gnutls_pubkey_t) key = NULL;
	char *text = NULL;

	if (gnutls_pubkey_init(&key) >= 0 && gnutls_pubkey_import_x509(key, certificate, 0) >= 0)
		text = certificate_public_key(key);
	return taken(text, "unknown");
}

char *certificate_serial(gnutls_x509_crt_t certificate)
{
	guint8 serial[CERTIFICATE_SERIAL_MAX];
	size_t length = sizeof(serial);

	if (gnutls_x509_crt_get_serial(certificate, serial, &length) < 0)
		return g_strdup("(unreadable)");
	return text_hex(serial, length);
}

char *certificate_serial_trim(const void *serial, size_t size)
{
	g_autofree char *digits = text_hex(serial, size);

	return g_strdup(digits + strspn(digits, "0"));
}

char *certificate_serial_trimmed(gnutls_x509_crt_t certificate)
{
	unsigned char serial[CERTIFICATE_SERIAL_MAX];
	size_t size = sizeof(serial);

	return gnutls_x509_crt_get_serial(certificate, serial, &size) < 0
		       ? NULL
		       : certificate_serial_trim(serial, size);
}

char *certificate_key_id(gnutls_x509_crt_t certificate)
{
	unsigned char id[CERTIFICATE_KEY_ID_MAX];
	size_t size = sizeof(id);

	if (gnutls_x509_crt_get_subject_key_id(certificate, id, &size, NULL) >= 0)
		return text_hex(id, size);
	size = sizeof(id);
	if (gnutls_x509_crt_get_key_id(certificate, GNUTLS_KEYID_USE_SHA1, id, &size) >= 0)
		return text_hex(id, size);
	return NULL;
}

char *certificate_authority_key_id(gnutls_x509_crt_t certificate)
{
	unsigned char id[CERTIFICATE_KEY_ID_MAX];
	size_t size = sizeof(id);

	if (gnutls_x509_crt_get_authority_key_id(certificate, id, &size, NULL) < 0)
		return NULL;
	return text_hex(id, size);
}

char *certificate_fingerprint(gnutls_x509_crt_t certificate)
{
	guint8 digest[32];
	size_t length = sizeof(digest);

	if (gnutls_x509_crt_get_fingerprint(certificate, GNUTLS_DIG_SHA256, digest, &length) < 0)
		return g_strdup("(unreadable)");
	return text_hex(digest, length);
}

bool certificate_append_pem(const gnutls_x509_crt_t *chain, size_t count, GString *pem,
			    const char *title, GError **error)
{
	for (size_t i = 0; i < count; i++) {
		gnutls_datum_t text = { NULL, 0 };
		int code = gnutls_x509_crt_export2(chain[i], GNUTLS_X509_FMT_PEM, &text);

		if (code < 0)
			return devid_error_set(error, DEVID_BAD_DATA, NULL, NULL, "%s: %s", title,
					       gnutls_strerror(code));
		g_string_append_len(pem, (const char *)text.data, (gssize)text.size);
		gnutls_free(text.data);
	}
	return true;
}

size_t certificate_der_size(gnutls_x509_crt_t certificate)
{
	g_auto(gnutls_datum_t) der = { NULL, 0 };

	return gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_DER, &der) < 0 ? 0 : der.size;
}
