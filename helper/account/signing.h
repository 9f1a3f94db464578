/* Signing certificates as files: what one may hold. */
#ifndef ACCOUNT_SIGNING_H
#define ACCOUNT_SIGNING_H

#include <glib.h>
#include <gnutls/x509.h>
#include <devid/account.h>

/* Reads the bytes of one signing certificate, PEM or DER: exactly one certificate, a CA (RFC 5280
 * sections 4.2.1.3 and 4.2.1.9), no private key beside it, at most `limit` bytes as PEM (the file
 * as given; what it becomes if it is DER), a key of a kind that `keys` allows. The caller owns
 * *certificate. Errors are of DEVID_ERROR and say why alone: the caller knows the file's name.
 */
gboolean signing_read(const void *data, gsize length, gsize limit, enum devid_signing_keys keys,
		      gnutls_x509_crt_t *certificate, gsize *pem_size, GError **error);

/* Whether `name` may be a signing certificate's: it becomes a file's name, and is printed. 1 to 64
 * bytes of letters, digits, '.', '-', '_' and UTF-8 beyond ASCII, no '.' in front.
 */
gboolean signing_name_valid(const char *name);

#endif
