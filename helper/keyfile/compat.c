/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of systems and of what they can't open. It speaks of what each does by default. */
#include "compat.h"
#include "pbe.h"

enum feature {
	WEAK_CIPHER = 1 << 0, /* RC2-40, RC4, DES: OpenSSL 3 keeps them in its legacy provider */
	PBES1_3DES = 1 << 1,
	PBES2 = 1 << 2, /* AES and PBKDF2, the default of OpenSSL 3 */
	SHA2_MAC = 1 << 3,
	PBMAC1 = 1 << 4,
	NO_MAC = 1 << 5,
	EMPTY_PASSWORD = 1 << 6,
	UNUSUAL = 1 << 7, /* an algorithm that isn't known here */
};

static const struct {
	enum feature feature;
	const char *cause;
} causes[] = {
	{ WEAK_CIPHER, "RC2, RC4 or DES" },
	{ PBES1_3DES, "3DES" },
	{ PBES2, "AES (PBES2)" },
	{ SHA2_MAC, "SHA-2 integrity check" },
	{ PBMAC1, "PBMAC1" },
	{ NO_MAC, "no integrity check" },
	{ EMPTY_PASSWORD, "empty password" },
	{ UNUSUAL, "unusual algorithm" },
};

static const struct {
	const char *system;
	unsigned fails_on; /* bits of enum feature */
} systems[] = {
	{ "OpenSSL 3 without its legacy provider", WEAK_CIPHER | UNUSUAL },
	{ "OpenSSL before 3.4", PBMAC1 },
	{ "systems in FIPS mode", WEAK_CIPHER | PBES1_3DES | UNUSUAL },
	{ "Windows 10 1709, Server 2019 and later", NO_MAC | PBMAC1 | UNUSUAL },
	{ "Windows before 10 1709 and Server 2019", PBES2 | SHA2_MAC | NO_MAC | PBMAC1 | UNUSUAL },
	{ "macOS and iOS", NO_MAC | PBMAC1 | EMPTY_PASSWORD | UNUSUAL },
	/* Seen to refuse them: macOS 13.3, 13.6, 14.2. */
	{ "macOS up to 14, iOS up to 17", PBES2 | SHA2_MAC },
	{ "Java before 8u301 and 11.0.12", PBES2 | SHA2_MAC | PBMAC1 | UNUSUAL },
	{ "Android", PBMAC1 | EMPTY_PASSWORD | UNUSUAL },
};

static unsigned features_of_cipher(const struct pbe *pbe)
{
	if (pbe->kdf == PBE_KDF_PBKDF2 && !pbe->unreadable)
		return PBES2;
	if (!pbe->cipher)
		return UNUSUAL;
	if (pbe->cipher->cipher == GNUTLS_CIPHER_3DES_CBC)
		return PBES1_3DES;
	return pbe->kdf == PBE_KDF_PBKDF2 ? UNUSUAL : WEAK_CIPHER;
}

static unsigned features_of(const struct p12 *p12, bool empty)
{
	const struct pbe *mac = p12_mac(p12);
	unsigned found = empty ? EMPTY_PASSWORD : 0;

	for (size_t i = 0; i < p12_cipher_count(p12); i++)
		found |= features_of_cipher(p12_cipher(p12, i));
	if (!mac)
		return found | NO_MAC;
	if (mac->unreadable)
		return found | UNUSUAL;
	if (mac->kdf == PBE_KDF_PBKDF2)
		return found | PBMAC1;
	return found | (mac->mac != GNUTLS_MAC_SHA1 && mac->mac != GNUTLS_MAC_MD5 ? SHA2_MAC : 0);
}

GPtrArray *compat_failures(const struct p12 *p12, bool empty)
{
	GPtrArray *failures = g_ptr_array_new_with_free_func(g_free);
	unsigned found = features_of(p12, empty);

	for (size_t i = 0; i < G_N_ELEMENTS(systems); i++) {
		g_autoptr(GString) text = g_string_new(NULL);
		unsigned bad = found & systems[i].fails_on;

		for (size_t j = 0; bad && j < G_N_ELEMENTS(causes); j++)
			if (bad & causes[j].feature)
				g_string_append_printf(text, "%s%s", text->len ? ", " : "",
						       causes[j].cause);
		if (bad)
			g_ptr_array_add(failures,
					g_strdup_printf("%s (%s)", systems[i].system, text->str));
	}
	return failures;
}

const char *const *compat_older_lines(const struct p12 *p12)
{
	/* 3DES and SHA-1 are in OpenSSL 3's default provider, RC2 isn't. */
	static const char *const lines[] = {
		"umask 077; openssl pkcs12 -in FILE -nodes -out TEMPORARY.pem",
		"openssl pkcs12 -export -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1 "
		"-in TEMPORARY.pem -out NEW.p12; rm TEMPORARY.pem",
		NULL,
	};

	return features_of(p12, false) & (PBES2 | SHA2_MAC) ? lines : NULL;
}
