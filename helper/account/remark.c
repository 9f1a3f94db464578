/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the account accepts and others refuse: usages of the device certificate that TLS gateways
 * ask for, and authority key identifiers that OpenSSL compares further than the check does.
 */
#include <string.h>
#include <gnutls/x509-ext.h>
#include <devid/check.h>
#include "account/policy/requirement.h"
#include "base/auto-gnutls.h"
#include "base/der.h"
#include "check-path.h"
#include "name-match.h"
#include "remark.h"

#define OID_MAX		  128
#define OID_AUTHORITY_KEY "2.5.29.35"
#define TAG_ISSUER	  0xa1
#define TAG_SERIAL	  0x82
#define TAG_DIRECTORY	  0xa4
#define SERIAL_MAX	  64

static void remark_free(void *data)
{
	struct remark *remark = data;

	g_free(remark->message);
	g_free(remark);
}

static void add(GPtrArray *remarks, const char *word, char *message)
{
	struct remark *remark = g_new0(struct remark, 1);

	remark->reason = devid_reason_find(word);
	remark->message = message;
	g_ptr_array_add(remarks, remark);
}

static const struct {
	unsigned bit;
	const char *name;
} key_usages[] = {
	{ GNUTLS_KEY_DIGITAL_SIGNATURE, "digitalSignature" },
	{ GNUTLS_KEY_NON_REPUDIATION, "nonRepudiation" },
	{ GNUTLS_KEY_KEY_ENCIPHERMENT, "keyEncipherment" },
	{ GNUTLS_KEY_DATA_ENCIPHERMENT, "dataEncipherment" },
	{ GNUTLS_KEY_KEY_AGREEMENT, "keyAgreement" },
	{ GNUTLS_KEY_KEY_CERT_SIGN, "keyCertSign" },
	{ GNUTLS_KEY_CRL_SIGN, "cRLSign" },
	{ GNUTLS_KEY_ENCIPHER_ONLY, "encipherOnly" },
	{ GNUTLS_KEY_DECIPHER_ONLY, "decipherOnly" },
};

/* A client signs in TLS (RFC 5246 section 7.4.6, RFC 8446 section 4.4.2.2). */
static void look_at_key_usage(GPtrArray *remarks, gnutls_x509_crt_t leaf)
{
	g_autoptr(GString) found = g_string_new(NULL);
	unsigned usage = 0;

	if (gnutls_x509_crt_get_key_usage(leaf, &usage, NULL) < 0 ||
	    (usage & GNUTLS_KEY_DIGITAL_SIGNATURE))
		return;
	for (gsize i = 0; i < G_N_ELEMENTS(key_usages); i++)
		if (usage & key_usages[i].bit)
			g_string_append_printf(found, "%s%s", found->len ? ", " : "",
					       key_usages[i].name);
	add(remarks, "usage-no-signature",
	    g_strdup_printf("TLS gateways refuse it: its key usage lacks digitalSignature "
			    "(found: %s)",
			    found->len ? found->str : "none"));
}

static void look_at_purposes(GPtrArray *remarks, gnutls_x509_crt_t leaf)
{
	g_autoptr(GString) found = g_string_new(NULL);
	char oid[OID_MAX];

	for (unsigned i = 0;; i++) {
		size_t size = sizeof(oid);
		const char *name;

		if (gnutls_x509_crt_get_key_purpose_oid(leaf, i, oid, &size, NULL) < 0)
			break;
		if (strcmp(oid, GNUTLS_KP_TLS_WWW_CLIENT) == 0 || strcmp(oid, GNUTLS_KP_ANY) == 0)
			return;
		name = requirement_usage_name(oid);
		g_string_append_printf(found, "%s%s", found->len ? ", " : "", name ? name : oid);
	}
	if (found->len)
		add(remarks, "usage-no-client",
		    g_strdup_printf("TLS gateways refuse it: its extended key usage lacks "
				    "clientAuth (found: %s)",
				    found->str));
}

/* What an authority key identifier says beside the key's (RFC 5280 section 4.2.1.1). */
struct named_issuer {
	gnutls_datum_t extension; /* to be freed; the others lie in it */
	struct der name, serial;
};

static bool read_named_issuer(gnutls_x509_crt_t certificate, struct named_issuer *named)
{
	struct der rest, inside, element;
	guint8 tag;

	*named = (struct named_issuer){ { NULL, 0 }, { NULL, 0 }, { NULL, 0 } };
	if (gnutls_x509_crt_get_extension_by_oid2(certificate, OID_AUTHORITY_KEY, 0,
						  &named->extension, NULL) < 0)
		return false;
	rest = (struct der){ named->extension.data, named->extension.size };
	if (!der_expect(&rest, DER_SEQUENCE, &inside))
		return false;
	while (der_next(&inside, &tag, &element)) {
		if (tag == TAG_SERIAL)
			named->serial = element;
		else if (tag == TAG_ISSUER)
			der_expect(&element, TAG_DIRECTORY, &named->name);
	}
	return named->serial.length > 0;
}

static struct der without_zeros(struct der number)
{
	while (number.length && number.data[0] == 0) {
		number.data++;
		number.length--;
	}
	return number;
}

static bool is_named(const struct named_issuer *named, gnutls_x509_crt_t issuer)
{
	unsigned char serial[SERIAL_MAX];
	size_t size = sizeof(serial);
	g_auto(gnutls_datum_t) name = { NULL, 0 };
	const gnutls_datum_t wanted = { (unsigned char *)named->name.data,
					(unsigned)named->name.length };
	struct der has, asked = without_zeros(named->serial);

	if (gnutls_x509_crt_get_serial(issuer, serial, &size) < 0 ||
	    gnutls_x509_crt_get_raw_issuer_dn(issuer, &name) < 0)
		return false;
	has = without_zeros((struct der){ serial, size });
	return der_equal(&has, &asked) && (!named->name.length || name_equal(&name, &wanted));
}

/* *issued: one of these issued it; *named: and that one is the one that it names. */
static void look_for_issuer(const struct named_issuer *named, gnutls_x509_crt_t certificate,
			    gnutls_x509_crt_t candidate, bool *issued, bool *is)
{
	if (*is || !check_issued(candidate, certificate))
		return;
	*issued = true;
	*is = is_named(named, candidate);
}

static void look_at_issuer(GPtrArray *remarks, const struct devid_account *account,
			   const gnutls_x509_crt_t *chain, size_t count, size_t index)
{
	struct named_issuer named;
	bool issued = false, is = false;

	if (read_named_issuer(chain[index], &named)) {
		for (size_t i = 0; i < devid_account_signing_count(account); i++)
			look_for_issuer(&named, chain[index],
					devid_account_signing(account, i)->certificate, &issued,
					&is);
		for (size_t i = 1; i < count; i++)
			if (i != index)
				look_for_issuer(&named, chain[index], chain[i], &issued, &is);
	}
	if (issued && !is) {
		g_autofree char *issuer = devid_issuer_to_string(chain[index]);

		add(remarks, "issuer-serial",
		    g_strdup_printf("gateways with OpenSSL refuse %s: it names its CA by a serial "
				    "number that is not that of the CA's certificate here (%s)",
				    index ? "a certificate of its chain" : "it",
				    issuer ? issuer : ""));
	}
	gnutls_free(named.extension.data);
}

GPtrArray *remark_find(const struct devid_account *account, const gnutls_x509_crt_t *chain,
		       size_t count)
{
	GPtrArray *remarks = g_ptr_array_new_with_free_func(remark_free);

	if (count == 0)
		return remarks;
	look_at_key_usage(remarks, chain[0]);
	look_at_purposes(remarks, chain[0]);
	look_at_issuer(remarks, account, chain, count, 0);
	for (size_t i = 1; i < count; i++)
		if (!check_issued(chain[i], chain[i]))
			look_at_issuer(remarks, account, chain, count, i);
	return remarks;
}

bool remark_fits_clients(gnutls_x509_crt_t leaf)
{
	g_autoptr(GPtrArray) remarks = g_ptr_array_new_with_free_func(remark_free);

	look_at_key_usage(remarks, leaf);
	look_at_purposes(remarks, leaf);
	return remarks->len == 0;
}
