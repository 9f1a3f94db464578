/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Password-based encryption and integrity as PKCS#12 and PKCS#8 files use it: RFC 8018 (PBES1,
 * PBES2, PBKDF2, PBMAC1) and RFC 7292 appendix B. What a file asks for is read and judged before
 * any derivation; then it is done with the primitives of GnuTLS, in secret memory.
 */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <gnutls/crypto.h>
#include "ber.h"

#define PBE_ITERATIONS_MAX 10000000u
/* All derivations of one file together: a file of a thousand bags can't keep us for a day. */
#define PBE_WORK_MAX 160000000u
#define PBE_SALT_MAX 1024
/* PBMAC1: bytes that are derived for HMAC. */
#define PBE_MAC_KEY_MIN 16
#define PBE_MAC_KEY_MAX 1024

enum pbe_kdf {
	PBE_KDF_PKCS12, /* RFC 7292 appendix B */
	PBE_KDF_PBKDF1,
	PBE_KDF_PBKDF2,
};

struct pbe_cipher {
	const char *name; /* for a person */
	gnutls_cipher_algorithm_t cipher;
	unsigned key; /* bytes that are derived */
};

/* One use of the password, as the file describes it. */
struct pbe {
	const char *part;		 /* "integrity check", "certificates", "private key" */
	const struct pbe_cipher *cipher; /* NULL: an integrity check, or unreadable */
	enum pbe_kdf kdf;
	gnutls_mac_algorithm_t digest; /* the KDF's hash; of HMAC for PBKDF2 */
	gnutls_mac_algorithm_t mac;    /* an integrity check's HMAC */
	uint64_t iterations;	       /* UINT64_MAX: more than 64 bits hold */
	size_t mac_key;		       /* bytes, PBMAC1 */
	uint8_t salt[PBE_SALT_MAX];
	size_t salt_length;
	uint8_t iv[16];
	char *unreadable;	     /* the dotted OID that isn't known here, else NULL */
	const char *unreadable_name; /* its name where it is known by name */
};

void pbe_free(struct pbe *pbe);
#define AUTO_PBE __attribute__((cleanup(pbe_clear)))
static inline void pbe_clear(struct pbe **pbe)
{
	pbe_free(*pbe);
}

/* An AlgorithmIdentifier. NULL: it can't be read at all (a damaged file); an algorithm that is not
 * known comes back with `unreadable`.
 */
struct pbe *pbe_parse(struct ber *reader, const char *part);
/* The MacData of a PFX. */
struct pbe *pbe_parse_mac(struct ber inside, struct secret *expected);
/* "AES-256-CBC (PBKDF2, HMAC-SHA256, 2048 iterations)". */
char *pbe_describe(const struct pbe *pbe);
/* Unreadable algorithms and iteration counts over `maximum` are refused here. */
bool pbe_acceptable(const struct pbe *pbe, uint64_t maximum, GError **error);

/* The forms that one password takes in files of different makers, in the order they are tried. */
struct pbe_password {
	struct pbe_password_form {
		struct secret raw; /* PBES2: UTF-8 */
		struct secret
			bmp; /* RFC 7292 appendix B.1: UTF-16BE with its NUL; may be of length 0 */
		const char *what;
	} forms[4];
	size_t count;
	size_t preferred; /* the one that served last */
	uint64_t work;	  /* iterations still allowed */
	bool empty;
};

enum pbe_outcome {
	PBE_OPENED,
	PBE_REFUSED,  /* no form of the password opens it */
	PBE_TOO_MUCH, /* the file asks for more work than one file may */
	PBE_BROKEN,   /* lengths that no password mends, or no memory */
};

/* An EncryptedPrivateKeyInfo's two parts. */
bool pbe_split_pkcs8(struct ber reader, struct pbe **pbe, struct secret *cipher);
