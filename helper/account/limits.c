/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sizes of certificates as the service counts them, and which keys a device may have. */
#include <gnutls/abstract.h>
#include <devid/limits.h>
#include "base/row.h"

#define PEM_COLUMNS 64
#define PEM_BEGIN   "-----BEGIN CERTIFICATE-----\n"
#define PEM_END	    "-----END CERTIFICATE-----\n"

size_t devid_pem_size(size_t der_size)
{
	size_t base64 = der_size / 3 * 4 + (der_size % 3 ? 4 : 0);
	size_t lines = base64 / PEM_COLUMNS + (base64 % PEM_COLUMNS ? 1 : 0);

	return sizeof(PEM_BEGIN) - 1 + base64 + lines + sizeof(PEM_END) - 1;
}

enum devid_result devid_device_size(const struct devid_account *account, size_t der_size,
				    struct devid_size *size, bool *acceptable)
{
	size_t measured;

	size->der = der_size;
	size->pem = devid_pem_size(der_size);
	size->limit = devid_account_device_limit(account);
	size->measure = devid_account_size_measure(account);
	measured = size->measure == DEVID_SIZE_DER ? size->der : size->pem;
	if (acceptable)
		*acceptable = measured > size->limit && size->der <= size->limit;
	return measured > size->limit ? DEVID_TOO_LARGE : DEVID_OK;
}

enum devid_result devid_signing_size(const struct devid_account *account, size_t file_size)
{
	return file_size > devid_account_signing_limit(account) ? DEVID_TOO_LARGE : DEVID_OK;
}

/* Kinds of keys that have words of their own for why they can't be used. */
static const struct refused {
	gnutls_pk_algorithm_t algorithm;
	const char *why;
} refused[] = {
	{ GNUTLS_PK_RSA_PSS,
	  "an RSA key that is bound to PSS can't be used for every login; use a plain "
	  "RSA key" },
	{ GNUTLS_PK_DSA, "DSA keys can't be used: no VPN client accepts them" },
	{ GNUTLS_PK_EDDSA_ED25519, "Ed25519 keys can't be used: programs that reach tokens through "
				   "libp11 list no key at all of a token that holds one" },
	{ GNUTLS_PK_EDDSA_ED448,
	  "Ed448 keys can't be used: programs that reach tokens through libp11 "
	  "list no key at all of a token that holds one" },
};

static enum devid_result rsa_supported(unsigned bits, const char **why)
{
	if (bits < 2048)
		*why = "the RSA key is shorter than 2048 bits";
	else if (bits > 4096)
		*why = "the RSA key is longer than 4096 bits";
	else
		return DEVID_OK;
	return DEVID_UNSUPPORTED;
}

static enum devid_result ec_supported(gnutls_pubkey_t key, const char **why)
{
	gnutls_ecc_curve_t curve;

	if (gnutls_pubkey_export_ecc_raw2(key, &curve, NULL, NULL, 0) >= 0 &&
	    (curve == GNUTLS_ECC_CURVE_SECP256R1 || curve == GNUTLS_ECC_CURVE_SECP384R1 ||
	     curve == GNUTLS_ECC_CURVE_SECP521R1))
		return DEVID_OK;
	*why = "the elliptic curve is none of NIST P-256, P-384 and P-521";
	return DEVID_UNSUPPORTED;
}

enum devid_result devid_key_supported(gnutls_pubkey_t key, const char **why)
{
	unsigned bits = 0;
	int algorithm = gnutls_pubkey_get_pk_algorithm(key, &bits);
	const struct refused *row;

	*why = NULL;
	if (algorithm == GNUTLS_PK_RSA)
		return rsa_supported(bits, why);
	if (algorithm == GNUTLS_PK_ECDSA)
		return ec_supported(key, why);
	row = ROW_NUMBERED(refused, algorithm);
	*why = row ? row->why : "keys of this kind can't be used";
	return DEVID_UNSUPPORTED;
}
