/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PEM and plain DER files: certificates and private keys in every usual dress (RFC 7468). */
#pragma once

#include "bundle.h"
#include "password-source.h"

/* Any file that an identity may come in, told apart by its bytes: PKCS#12, PEM,
 * PKCS#7, a DER certificate, a DER key, each also in the dresses of pem-block.h. An empty password
 * is tried before `source` is asked for one where that is cheap and none was named. `title` begins
 * the messages.
 */
struct bundle *pem_read_bundle(const char *title, const struct secret *bytes,
			       struct password_source *source, GError **error);

/* Whether the file is PKCS#12: as it stands (`der` stays empty), or in PEM, in base64 or in a text
 * in UTF-16, out of which it is taken into `der`.
 */
bool pem_find_p12(const struct secret *bytes, struct secret *der);
