/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a file's AlgorithmIdentifiers ask for: the tables of algorithms, and the reader. */
#include <string.h>
#include "base/error.h"
#include "base/row.h"
#include "ber.h"
#include "pbe.h"

/* RFC 7292 appendix C, RFC 8018 appendix A.3: the object identifiers of PBES1 begin with these. */
#define PKCS12_PBE "1.2.840.113549.1.12.1."
#define PKCS5	   "1.2.840.113549.1.5."

/* PBES1: the object identifier says all. A cipher of GNUTLS_CIPHER_UNKNOWN has a name and can't be
 * read with GnuTLS.
 */
static const struct pbes1_row {
	const char *oid;
	gnutls_mac_algorithm_t digest;
	struct pbe_cipher cipher;
} pbes1_table[] = {
	{ PKCS12_PBE "1", GNUTLS_MAC_SHA1, { "RC4-128", GNUTLS_CIPHER_ARCFOUR_128, 16 } },
	{ PKCS12_PBE "2", GNUTLS_MAC_SHA1, { "RC4-40", GNUTLS_CIPHER_UNKNOWN, 5 } },
	{ PKCS12_PBE "3", GNUTLS_MAC_SHA1, { "3DES", GNUTLS_CIPHER_3DES_CBC, 24 } },
	{ PKCS12_PBE "4", GNUTLS_MAC_SHA1, { "2-key 3DES", GNUTLS_CIPHER_3DES_CBC, 16 } },
	{ PKCS12_PBE "5", GNUTLS_MAC_SHA1, { "RC2-128", GNUTLS_CIPHER_UNKNOWN, 16 } },
	{ PKCS12_PBE "6", GNUTLS_MAC_SHA1, { "RC2-40", GNUTLS_CIPHER_RC2_40_CBC, 5 } },
	{ PKCS5 "3", GNUTLS_MAC_MD5, { "DES", GNUTLS_CIPHER_DES_CBC, 8 } },
	{ PKCS5 "6", GNUTLS_MAC_MD5, { "RC2-64", GNUTLS_CIPHER_UNKNOWN, 8 } },
	{ PKCS5 "10", GNUTLS_MAC_SHA1, { "DES", GNUTLS_CIPHER_DES_CBC, 8 } },
	{ PKCS5 "11", GNUTLS_MAC_SHA1, { "RC2-64", GNUTLS_CIPHER_UNKNOWN, 8 } },
};

/* PBES2 encryption schemes. */
static const struct cipher_row {
	const char *oid;
	struct pbe_cipher cipher;
} cipher_table[] = {
	{ "2.16.840.1.101.3.4.1.2", { "AES-128-CBC", GNUTLS_CIPHER_AES_128_CBC, 16 } },
	{ "2.16.840.1.101.3.4.1.22", { "AES-192-CBC", GNUTLS_CIPHER_AES_192_CBC, 24 } },
	{ "2.16.840.1.101.3.4.1.42", { "AES-256-CBC", GNUTLS_CIPHER_AES_256_CBC, 32 } },
	{ "1.2.840.113549.3.7", { "3DES", GNUTLS_CIPHER_3DES_CBC, 24 } },
	{ "1.3.14.3.2.7", { "DES", GNUTLS_CIPHER_DES_CBC, 8 } },
	{ "1.2.392.200011.61.1.1.1.2", { "Camellia-128-CBC", GNUTLS_CIPHER_CAMELLIA_128_CBC, 16 } },
	{ "1.2.392.200011.61.1.1.1.3", { "Camellia-192-CBC", GNUTLS_CIPHER_CAMELLIA_192_CBC, 24 } },
	{ "1.2.392.200011.61.1.1.1.4", { "Camellia-256-CBC", GNUTLS_CIPHER_CAMELLIA_256_CBC, 32 } },
	{ "1.2.840.113549.3.2", { "RC2-CBC", GNUTLS_CIPHER_UNKNOWN, 0 } },
	{ "2.16.840.1.101.3.4.1.6", { "AES-128-GCM", GNUTLS_CIPHER_UNKNOWN, 16 } },
	{ "2.16.840.1.101.3.4.1.46", { "AES-256-GCM", GNUTLS_CIPHER_UNKNOWN, 32 } },
	{ "1.2.410.200004.1.4", { "SEED-CBC", GNUTLS_CIPHER_UNKNOWN, 16 } },
	{ "1.2.156.10197.1.104.2", { "SM4-CBC", GNUTLS_CIPHER_UNKNOWN, 16 } },
};

static const struct mac_row {
	const char *oid;
	gnutls_mac_algorithm_t mac;
} prf_table[] = {
	{ "1.2.840.113549.2.7", GNUTLS_MAC_SHA1 },    { "1.2.840.113549.2.8", GNUTLS_MAC_SHA224 },
	{ "1.2.840.113549.2.9", GNUTLS_MAC_SHA256 },  { "1.2.840.113549.2.10", GNUTLS_MAC_SHA384 },
	{ "1.2.840.113549.2.11", GNUTLS_MAC_SHA512 },
}, digest_table[] = {
	{ "1.2.840.113549.2.5", GNUTLS_MAC_MD5 },	  { "1.3.14.3.2.26", GNUTLS_MAC_SHA1 },
	{ "2.16.840.1.101.3.4.2.4", GNUTLS_MAC_SHA224 }, { "2.16.840.1.101.3.4.2.1", GNUTLS_MAC_SHA256 },
	{ "2.16.840.1.101.3.4.2.2", GNUTLS_MAC_SHA384 }, { "2.16.840.1.101.3.4.2.3", GNUTLS_MAC_SHA512 },
};

/* Known by name, so that the message helps more than digits do. */
static const struct name_row {
	const char *oid, *name;
} name_table[] = {
	{ "1.3.6.1.4.1.11591.4.11", "scrypt" },
	{ "1.2.840.113549.1.5.14", "PBMAC1" },
	{ "1.2.840.113549.1.5.12", "PBKDF2" },
	{ "1.2.643.7.1.1.4.2", "HMAC-Streebog-512" },
	{ "2.16.840.1.101.3.4.2.8", "SHA3-256" },
	{ "2.16.840.1.101.3.4.2.10", "SHA3-512" },
	{ "1.2.643.7.1.1.2.3", "Streebog-512" },
	{ "1.2.643.2.2.21", "GOST 28147-89" },
	{ "2.16.840.1.101.3.4.2.14", "HMAC-SHA3-256" },
	{ "1.2.156.10197.1.401", "SM3" },
	{ "1.2.840.113549.2.12", "HMAC-SHA512/224" },
	{ "1.2.840.113549.2.13", "HMAC-SHA512/256" },
};

#define PBES2  PKCS5 "13"
#define PBKDF2 PKCS5 "12"
#define PBMAC1 PKCS5 "14"

/* GNUTLS_MAC_UNKNOWN: it isn't there. */
static gnutls_mac_algorithm_t mac_of(const struct mac_row *row)
{
	return row ? row->mac : GNUTLS_MAC_UNKNOWN;
}

void pbe_free(struct pbe *pbe)
{
	if (!pbe)
		return;
	g_free(pbe->unreadable);
	g_free(pbe);
}

static void set_unreadable(struct pbe *pbe, const char *oid, const char *name)
{
	const struct name_row *row;

	if (pbe->unreadable)
		return;
	pbe->unreadable = g_strdup(oid);
	pbe->unreadable_name = name;
	row = name ? NULL : ROW_CALLED(name_table, oid);
	if (row)
		pbe->unreadable_name = row->name;
}

/* AlgorithmIdentifier: the OID as text, and what follows it. */
static char *read_algorithm(struct ber *reader, struct ber *parameters)
{
	struct ber_item oid;

	if (!ber_enter(reader, BER_SEQUENCE, parameters) || !ber_take(parameters, BER_OID, &oid))
		return NULL;
	return ber_oid_text(&oid);
}

static bool read_salt(struct pbe *pbe, struct ber *reader)
{
	struct ber_item salt;

	if (!ber_take(reader, BER_OCTETS, &salt) || salt.content.length > sizeof(pbe->salt))
		return false;
	memcpy(pbe->salt, salt.content.data, salt.content.length);
	pbe->salt_length = salt.content.length;
	return true;
}

static bool read_iterations(struct pbe *pbe, struct ber *reader)
{
	struct ber_item number;

	if (!ber_take(reader, BER_INTEGER, &number))
		return false;
	switch (ber_uint(&number, &pbe->iterations)) {
	case BER_NUMBER_OK:
		return pbe->iterations > 0;
	case BER_NUMBER_HUGE:
		pbe->iterations = UINT64_MAX;
		return true;
	default:
		return false;
	}
}

/* RFC 8018 appendix A.2. `key` gets keyLength, 0 where it isn't given. */
static bool read_pbkdf2(struct pbe *pbe, struct ber parameters, uint64_t *key)
{
	struct ber inside, prf_parameters;
	struct ber_item number;
	g_autofree char *prf = NULL;

	*key = 0;
	pbe->kdf = PBE_KDF_PBKDF2;
	pbe->digest = GNUTLS_MAC_SHA1;
	if (!ber_enter(&parameters, BER_SEQUENCE, &inside))
		return false;
	/* "otherSource": an algorithm that makes the salt, of which there is none yet. */
	if (inside.length && inside.data[0] == BER_SEQUENCE) {
		set_unreadable(pbe, PBKDF2, "PBKDF2 with a salt from elsewhere");
		return true;
	}
	if (!read_salt(pbe, &inside) || !read_iterations(pbe, &inside))
		return false;
	if (ber_take(&inside, BER_INTEGER, &number) && ber_uint(&number, key) != BER_NUMBER_OK)
		return false;
	if (!inside.length)
		return true;
	prf = read_algorithm(&inside, &prf_parameters);
	if (!prf)
		return false;
	pbe->digest = mac_of(ROW_CALLED(prf_table, prf));
	if (pbe->digest == GNUTLS_MAC_UNKNOWN)
		set_unreadable(pbe, prf, NULL);
	return true;
}

static bool read_kdf(struct pbe *pbe, struct ber *reader, uint64_t *key)
{
	struct ber parameters;
	g_autofree char *kdf = read_algorithm(reader, &parameters);

	*key = 0;
	if (!kdf)
		return false;
	if (strcmp(kdf, PBKDF2) == 0)
		return read_pbkdf2(pbe, parameters, key);
	set_unreadable(pbe, kdf, NULL);
	return true;
}

static bool read_pbes2(struct pbe *pbe, struct ber parameters)
{
	struct ber inside, cipher_parameters;
	struct ber_item iv;
	uint64_t key;
	g_autofree char *cipher = NULL;
	const struct cipher_row *row;

	if (!ber_enter(&parameters, BER_SEQUENCE, &inside) || !read_kdf(pbe, &inside, &key))
		return false;
	cipher = read_algorithm(&inside, &cipher_parameters);
	if (!cipher)
		return false;
	row = ROW_CALLED(cipher_table, cipher);
	pbe->cipher = row ? &row->cipher : NULL;
	if (!row || pbe->cipher->cipher == GNUTLS_CIPHER_UNKNOWN) {
		set_unreadable(pbe, cipher, row ? pbe->cipher->name : NULL);
		return true;
	}
	if (!ber_take(&cipher_parameters, BER_OCTETS, &iv) ||
	    iv.content.length != gnutls_cipher_get_iv_size(pbe->cipher->cipher))
		return false;
	memcpy(pbe->iv, iv.content.data, iv.content.length);
	return key == 0 || key == pbe->cipher->key;
}

struct pbe *pbe_parse(struct ber *reader, const char *part)
{
	AUTO_PBE struct pbe *pbe = g_new0(struct pbe, 1);
	struct ber parameters, inside;
	g_autofree char *oid = read_algorithm(reader, &parameters);
	const struct pbes1_row *row;

	pbe->part = part;
	if (!oid)
		return NULL;
	if (strcmp(oid, PBES2) == 0)
		return read_pbes2(pbe, parameters) ? g_steal_pointer(&pbe) : NULL;
	row = ROW_CALLED(pbes1_table, oid);
	if (!row) {
		set_unreadable(pbe, oid, NULL);
		return g_steal_pointer(&pbe);
	}
	pbe->cipher = &row->cipher;
	pbe->kdf = g_str_has_prefix(oid, PKCS5) ? PBE_KDF_PBKDF1 : PBE_KDF_PKCS12;
	pbe->digest = row->digest;
	if (pbe->cipher->cipher == GNUTLS_CIPHER_UNKNOWN)
		set_unreadable(pbe, oid, pbe->cipher->name);
	if (!ber_enter(&parameters, BER_SEQUENCE, &inside) || !read_salt(pbe, &inside) ||
	    !read_iterations(pbe, &inside))
		return NULL;
	return g_steal_pointer(&pbe);
}

/* RFC 9579: PBMAC1-params in place of the digest's algorithm; MacData's own salt says nothing
 * then. */
static bool read_pbmac1(struct pbe *pbe, struct ber parameters)
{
	struct ber inside, mac_parameters;
	uint64_t key;
	g_autofree char *mac = NULL;

	if (!ber_enter(&parameters, BER_SEQUENCE, &inside) || !read_kdf(pbe, &inside, &key))
		return false;
	mac = read_algorithm(&inside, &mac_parameters);
	if (!mac)
		return false;
	pbe->mac = mac_of(ROW_CALLED(prf_table, mac));
	if (pbe->mac == GNUTLS_MAC_UNKNOWN)
		set_unreadable(pbe, mac, NULL);
	pbe->mac_key = key;
	/* keyLength is required there, and a key of a few bytes would be no check at all. One that
	 * is longer than HMAC's block is legal (RFC 2104 section 3).
	 */
	if (key < PBE_MAC_KEY_MIN)
		set_unreadable(pbe, PBMAC1, "PBMAC1 with too short a key");
	else if (key > PBE_MAC_KEY_MAX)
		set_unreadable(pbe, PBMAC1, "PBMAC1 with too long a key");
	return true;
}

struct pbe *pbe_parse_mac(struct ber inside, struct secret *expected)
{
	AUTO_PBE struct pbe *pbe = g_new0(struct pbe, 1);
	struct ber info, parameters;
	struct ber_item digest;
	g_autofree char *oid = NULL;

	pbe->part = "integrity check";
	pbe->kdf = PBE_KDF_PKCS12;
	if (!ber_enter(&inside, BER_SEQUENCE, &info))
		return NULL;
	oid = read_algorithm(&info, &parameters);
	if (!oid || !ber_take(&info, BER_OCTETS, &digest) || !ber_join(&digest, expected))
		return NULL;
	if (strcmp(oid, PBMAC1) == 0)
		return read_pbmac1(pbe, parameters) ? g_steal_pointer(&pbe) : NULL;
	pbe->mac = pbe->digest = mac_of(ROW_CALLED(digest_table, oid));
	if (pbe->mac == GNUTLS_MAC_UNKNOWN)
		set_unreadable(pbe, oid, NULL);
	if (!read_salt(pbe, &inside))
		return NULL;
	/* RFC 7292: iterations DEFAULT 1. */
	pbe->iterations = 1;
	if (inside.length && !read_iterations(pbe, &inside))
		return NULL;
	return g_steal_pointer(&pbe);
}

bool pbe_split_pkcs8(struct ber reader, struct pbe **pbe, struct secret *cipher)
{
	struct ber inside;
	struct ber_item octets;

	*pbe = NULL;
	if (!ber_enter(&reader, BER_SEQUENCE, &inside))
		return false;
	*pbe = pbe_parse(&inside, "private key");
	if (!*pbe)
		return false;
	return (ber_take(&inside, BER_OCTETS, &octets) ||
		ber_take(&inside, BER_OCTETS | BER_CONSTRUCTED, &octets)) &&
	       ber_join(&octets, cipher);
}

char *pbe_describe(const struct pbe *pbe)
{
	static const char *const kdf_names[] = { "PKCS#12 KDF", "PBKDF1", "PBKDF2" };
	g_autofree char *count = NULL;
	const char *name = pbe->cipher ? pbe->cipher->name : gnutls_mac_get_name(pbe->mac);

	if (pbe->unreadable)
		return g_strdup_printf("%s%s%s%s", pbe->unreadable_name ? pbe->unreadable_name : "",
				       pbe->unreadable_name ? " (" : "", pbe->unreadable,
				       pbe->unreadable_name ? ")" : "");
	if (pbe->iterations == UINT64_MAX)
		count = g_strdup("more than 2^64");
	else
		count = g_strdup_printf("%" G_GUINT64_FORMAT, pbe->iterations);
	return g_strdup_printf("%s%s (%s, %s, %s iteration%s)", pbe->cipher ? "" : "HMAC-", name,
			       kdf_names[pbe->kdf], gnutls_mac_get_name(pbe->digest), count,
			       pbe->iterations == 1 ? "" : "s");
}

bool pbe_acceptable(const struct pbe *pbe, uint64_t maximum, GError **error)
{
	if (pbe->unreadable) {
		g_autofree char *what = pbe_describe(pbe);

		return devid_error_set(error, DEVID_UNSUPPORTED, "algorithm-unsupported",
				       "export the file again with AES-256 and SHA-256, "
				       "for example: openssl pkcs12 -export -keypbe AES-256-CBC",
				       "the %s uses an algorithm that can't be read here: %s",
				       pbe->part, what);
	}
	if (pbe->iterations <= maximum)
		return true;
	if (pbe->iterations == UINT64_MAX)
		devid_error_set(
			error, DEVID_TOO_LARGE, "iterations",
			"export the file again with fewer iterations",
			"the iteration count of the %s has more than 64 bits; at most %" G_GUINT64_FORMAT
			" are done",
			pbe->part, maximum);
	else
		devid_error_set(error, DEVID_TOO_LARGE, "iterations",
				"export the file again with fewer iterations",
				"the %s asks for %" G_GUINT64_FORMAT
				" iterations; at most %" G_GUINT64_FORMAT " are done",
				pbe->part, pbe->iterations, maximum);
	return false;
}
