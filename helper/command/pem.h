/* PEM and plain DER files: certificates and private keys in every usual dress (RFC 7468). */
#ifndef COMMAND_PEM_H
#define COMMAND_PEM_H

#include "bundle.h"
#include "password.h"

/* Any file that an identity may come in, told apart by its bytes: PKCS#12 (DER, or in PEM dress),
 * PEM, a DER certificate, a DER key. An empty password is tried before `source` is asked for one
 * where that is cheap and none was named. `title` begins the messages.
 */
struct bundle *bundle_read(const char *title, const struct secret *bytes,
			   struct password_source *source, GError **error);

bool pem_looks_like(const struct secret *bytes);
/* The first PKCS12 block of a PEM file as DER; false where there is none. */
bool pem_find_pkcs12(const struct secret *bytes, struct secret *der);

#endif
