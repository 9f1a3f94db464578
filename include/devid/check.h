/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The chain check: whether the account accepts a device certificate.
 *
 * It is a path validation after RFC 5280 section 6 with the account's signing certificates as trust
 * anchors, and differs from it in this:
 *
 *   - With Chain=issuer, the default, the direct issuer of the device certificate must be a signing
 *     certificate; with Chain=path a path over the given intermediates, of at most eight
 *     certificates beside the anchor, may end at one. A signing certificate need not be
 *     self-signed.
 *   - A device certificate is no CA: one whose basic constraints say so, and one with the key of a
 *     signing certificate, is refused whoever issued it.
 *   - A signing certificate that is not valid yet serves nobody. One that has expired goes on
 *     serving the device certificates that began before it ended: renewing a CA cuts no device
 *     off. The certificates between must be valid at the time of the check, like the leaf.
 *   - Names are compared by value (section 7.1), whatever their string types and case.
 *   - Signatures with MD2, MD5 or SHA-1, RSA and DSA keys under 2048 bits and EC keys under 224 are
 *     refused, and so is a critical extension that isn't understood, the anchor's too. Certificate
 *     policies are accepted whichever they are.
 *   - Revocation is asked for where the account names lists ([Revocation]); extended key
 *     usages and other extensions where it requires them.
 *
 * Sizes are not part of it: devid/limits.h.
 */
#ifndef DEVID_CHECK_H
#define DEVID_CHECK_H

#include <time.h>
#include <devid/account.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a check found. Every string is UTF-8, safe to print on a terminal (control and bidirectional
 * characters escaped) and owned by the verdict.
 */
struct devid_verdict {
	/* DEVID_OK, _CHECK_FAILED, _BLOCKED, _NO_ACCOUNT, _ACCOUNT_BROKEN */
	enum devid_result result;
	const char *reason; /* the stable word, see devid/reason.h; "ok" where it passed */
	/* "Certificate error. [subject] [subject]"; NULL where it passed or no account */
	char *brackets;
	char *message;	     /* one sentence: what and why, without prefix; NULL where it passed */
	char *hint;	     /* what to do, or NULL */
	char *signing_name;  /* the signing certificate that decided, or NULL */
	char *issuer_key_id; /* lower-case hex: the leaf's authority key identifier, else the
				key id of the signing certificate that matched; or NULL */
	/* the next moment at which a clock alone may change the verdict; 0: none */
	time_t valid_until;
};

/* Checks `chain` (leaf first, then the identity's intermediates in any order; `count` may be 0: no
 * identity, which fails with reason "no-certificate") against the account at the time `at`, in
 * seconds since 1970. The chain stays the caller's. Nothing is sent anywhere. Returns DEVID_OK
 * whenever `*verdict` was made, whatever it says; fails closed with DEVID_NO_MEMORY. The caller
 * frees with devid_verdict_free(), which takes NULL too.
 */
DEVID_PUBLIC enum devid_result devid_check(const struct devid_account *account,
					   const gnutls_x509_crt_t *chain, size_t count, time_t at,
					   struct devid_verdict **verdict) DEVID_MUST_USE;
DEVID_PUBLIC void devid_verdict_free(struct devid_verdict *verdict);

/* A distinguished name as devid prints it everywhere: attributes in the order in which they are
 * encoded (not reversed), "C=JP, ST=Tokyo, O=Example", values in UTF-8 with RFC 4514 section 2.4
 * escapes for separators, and \xHH for control and bidirectional characters. The caller frees with
 * free(). NULL for no memory or an unreadable name. An empty subject: its alternative names.
 */
DEVID_PUBLIC char *devid_name_to_string(const gnutls_datum_t *der_name);
DEVID_PUBLIC char *devid_subject_to_string(gnutls_x509_crt_t certificate);
DEVID_PUBLIC char *devid_issuer_to_string(gnutls_x509_crt_t certificate);

/* Escapes any text for a terminal in the same way; `length` in bytes, which need not end with a
 * NUL. The caller frees with free(). NULL for no memory.
 */
DEVID_PUBLIC char *devid_text_escape(const char *text, size_t length);

#ifdef __cplusplus
}
#endif
#endif
