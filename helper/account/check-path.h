/* Facts about certificates, and paths from a device certificate to a signing certificate. */
#ifndef ACCOUNT_CHECK_PATH_H
#define ACCOUNT_CHECK_PATH_H

#include <time.h>
#include <glib.h>
#include <devid/account.h>

/* The longest path that is tried, and how many steps are made to find one. */
#define CHECK_PATH_MAX	8
#define CHECK_STEPS_MAX 256

/* Basic constraints say CA, and a key usage, where there is one, keyCertSign (RFC 5280
 * sections 4.2.1.9 and 4.2.1.3).
 */
gboolean check_is_ca(gnutls_x509_crt_t certificate);
/* RSA and DSA under 2048 bits, EC under 224. */
gboolean check_key_weak(gnutls_x509_crt_t certificate);
/* Signed with a hash that is broken or unknown: MD2, MD5, SHA-1. */
gboolean check_signature_weak(gnutls_x509_crt_t certificate);
/* Lower-case hex: the subject key identifier, else the SHA-1 of the key. */
char *check_key_id(gnutls_x509_crt_t certificate);
/* Lower-case hex of the authority key identifier, or NULL. */
char *check_authority_key_id(gnutls_x509_crt_t certificate);

/* Whether the certificate's subject is that DER name, to the byte. */
gboolean check_subject_is(gnutls_x509_crt_t certificate, const gnutls_datum_t *name);

enum check_link {
	CHECK_LINK_NONE,      /* the name is another's */
	CHECK_LINK_OTHER_KEY, /* the name fits, the key identifiers do not */
	CHECK_LINK_FITS, /* name and key identifiers, where both are there, fit; the signature is
			    open */
};
enum check_link check_link(gnutls_x509_crt_t certificate, gnutls_x509_crt_t issuer);

struct check_path {
	gnutls_x509_crt_t certificates[CHECK_PATH_MAX + 1]; /* leaf first, the anchor last */
	size_t count;					    /* with the anchor */
	const struct devid_signing *anchor;
};

/* Calls `judge` with each path that names and key identifiers allow, nearest anchors first, until
 * it answers TRUE. `other_key` is set where a signing certificate had the right name and another
 * key.
 */
gboolean check_paths(const struct devid_account *account, const gnutls_x509_crt_t *chain,
		     size_t count, gboolean (*judge)(const struct check_path *path, void *data),
		     void *data, gboolean *other_key);

#endif
