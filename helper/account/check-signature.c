/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One signature by one key.
 *
 * GnuTLS's own functions for certificates find the issuer by its name, byte for byte, and answer a
 * signature that an RSA-PSS key doesn't allow with the bit that stands for name constraints as
 * well, before they have looked at the signature itself. So the signed bytes are taken out here,
 * and the key is asked.
 */
#include <gnutls/abstract.h>
#include "base/auto-gnutls.h"
#include "base/der.h"
#include "check-signature.h"

#define DER_INTEGER 0x02

/* RSASSA-PSS-params (RFC 4055 section 3.1): the salt's length, and what it is where it isn't
 * said. */
#define TAG_SALT       0xa2
#define TAG_AFTER_SALT 0xa3
#define SALT_DEFAULT   20
#define SALT_MAX       512

/* Certificate and CertificateList (RFC 5280 sections 4.1 and 5.1) are made alike. */
struct signed_object {
	const gnutls_datum_t *bytes; /* of the whole */
	gnutls_datum_t content, signature;
	struct der parameters; /* of the algorithm */
	gnutls_sign_algorithm_t algorithm;
};

static bool split(struct signed_object *object)
{
	struct der rest = { object->bytes->data, object->bytes->size };
	struct der inside, before, content, algorithm, oid, bits;

	if (!der_expect(&rest, DER_SEQUENCE, &inside))
		return false;
	before = inside;
	if (!der_expect(&inside, DER_SEQUENCE, &content))
		return false;
	object->content.data = (unsigned char *)before.data;
	object->content.size = (unsigned)(before.length - inside.length);
	if (!der_expect(&inside, DER_SEQUENCE, &algorithm) ||
	    !der_expect(&algorithm, DER_OID, &oid) || !der_expect(&inside, DER_BIT_STRING, &bits) ||
	    bits.length < 1 || bits.data[0] != 0)
		return false;
	object->parameters = algorithm;
	object->signature.data = (unsigned char *)bits.data + 1;
	object->signature.size = (unsigned)bits.length - 1;
	return true;
}

static bool salt_length(struct der parameters, unsigned *salt)
{
	struct der inside, element, number;
	guint8 tag;

	*salt = SALT_DEFAULT;
	if (!der_expect(&parameters, DER_SEQUENCE, &inside))
		return false;
	while (inside.length) {
		if (!der_next(&inside, &tag, &element) || tag > TAG_AFTER_SALT)
			return false;
		if (tag != TAG_SALT)
			continue;
		if (!der_expect(&element, DER_INTEGER, &number) || number.length < 1 ||
		    number.length > 2 || (number.data[0] & 0x80))
			return false;
		*salt = 0;
		for (gsize i = 0; i < number.length; i++)
			*salt = *salt << 8 | number.data[i];
	}
	return *salt <= SALT_MAX;
}

static bool is_pss(gnutls_sign_algorithm_t algorithm)
{
	return gnutls_sign_supports_pk_algorithm(algorithm, GNUTLS_PK_RSA_PSS) != 0;
}

/* What an RSA-PSS key says of itself; one that says nothing allows every hash and salt. */
static bool key_allows(gnutls_x509_spki_t said, gnutls_digest_algorithm_t hash, unsigned salt)
{
	gnutls_digest_algorithm_t wanted = GNUTLS_DIG_UNKNOWN;
	unsigned least = 0;
	int result = gnutls_x509_spki_get_rsa_pss_params(said, &wanted, &least);

	if (result == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE ||
	    (result >= 0 && wanted == GNUTLS_DIG_UNKNOWN))
		return true;
	return result >= 0 && hash == wanted && salt >= least;
}

/* The key as this signature's parameters need it: GnuTLS takes hash and salt from the key alone. */
static enum check_signature prepare_pss(gnutls_pubkey_t key, const struct signed_object *object)
{
	gnutls_digest_algorithm_t hash = gnutls_sign_get_hash_algorithm(object->algorithm);
	g_auto(gnutls_x509_spki_t) spki = NULL;
	unsigned salt;

	if (!salt_length(object->parameters, &salt))
		return CHECK_SIGNATURE_BAD;
	if (gnutls_x509_spki_init(&spki) < 0)
		return CHECK_SIGNATURE_UNKNOWN;
	if (gnutls_pubkey_get_pk_algorithm(key, NULL) == GNUTLS_PK_RSA_PSS) {
		int result = gnutls_pubkey_get_spki(key, spki, 0);

		if (result < 0 && result != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			return CHECK_SIGNATURE_UNKNOWN;
		if (result >= 0 && !key_allows(spki, hash, salt))
			return CHECK_SIGNATURE_FORBIDDEN;
	}
	gnutls_x509_spki_set_rsa_pss_params(spki, hash, salt);
	return gnutls_pubkey_set_spki(key, spki, 0) >= 0 ? CHECK_SIGNATURE_GOOD
							 : CHECK_SIGNATURE_UNKNOWN;
}

static enum check_signature verify(gnutls_pubkey_t key, const struct signed_object *object,
				   bool weak)
{
	int own = gnutls_pubkey_get_pk_algorithm(key, NULL), result;
	bool rsa = own == GNUTLS_PK_RSA || own == GNUTLS_PK_RSA_PSS;
	enum check_signature answer = CHECK_SIGNATURE_GOOD;

	if (rsa && is_pss(object->algorithm))
		answer = prepare_pss(key, object);
	else if (own == GNUTLS_PK_RSA_PSS)
		answer = CHECK_SIGNATURE_FORBIDDEN;
	else if (!gnutls_sign_supports_pk_algorithm(object->algorithm, own))
		answer = CHECK_SIGNATURE_BAD;
	if (answer != CHECK_SIGNATURE_GOOD)
		return answer;
	result = gnutls_pubkey_verify_data2(key, object->algorithm,
					    weak ? GNUTLS_VERIFY_ALLOW_BROKEN : 0, &object->content,
					    &object->signature);
	if (result >= 0)
		return CHECK_SIGNATURE_GOOD;
	return result == GNUTLS_E_INSUFFICIENT_SECURITY ? CHECK_SIGNATURE_WEAK
							: CHECK_SIGNATURE_BAD;
}

static enum check_signature judge(struct signed_object *object, int algorithm,
				  gnutls_x509_crt_t issuer, bool weak)
{
	g_auto(gnutls_pubkey_t) key = NULL;

	object->algorithm = algorithm < 0 ? GNUTLS_SIGN_UNKNOWN : algorithm;
	if (object->algorithm == GNUTLS_SIGN_UNKNOWN || gnutls_pubkey_init(&key) < 0 ||
	    gnutls_pubkey_import_x509(key, issuer, 0) < 0)
		return CHECK_SIGNATURE_UNKNOWN;
	return split(object) ? verify(key, object, weak) : CHECK_SIGNATURE_BAD;
}

enum check_signature check_signature(gnutls_x509_crt_t certificate, gnutls_x509_crt_t issuer,
				     bool weak)
{
	g_auto(gnutls_datum_t) bytes = { NULL, 0 };
	struct signed_object object = { &bytes };

	if (gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_DER, &bytes) < 0)
		return CHECK_SIGNATURE_UNKNOWN;
	return judge(&object, gnutls_x509_crt_get_signature_algorithm(certificate), issuer, weak);
}

enum check_signature check_list_signature(gnutls_x509_crl_t crl, gnutls_x509_crt_t issuer)
{
	g_auto(gnutls_datum_t) bytes = { NULL, 0 };
	struct signed_object object = { &bytes };

	if (gnutls_x509_crl_export2(crl, GNUTLS_X509_FMT_DER, &bytes) < 0)
		return CHECK_SIGNATURE_UNKNOWN;
	return judge(&object, gnutls_x509_crl_get_signature_algorithm(crl), issuer, false);
}
