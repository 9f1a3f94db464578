/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The certificates of a file that has nothing else to give: a signing certificate, a gateway's
 * chain, the certificate that is to be revoked. One answer for all of them, and for import (which
 * reads keys beside them): PEM as pem-block.h takes it, DER, PKCS#7 (.p7b) in either and under
 * either header, text in UTF-16, bare base64.
 */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <gnutls/x509.h>

struct certificate_list {
	GPtrArray *ders; /* GBytes, in the file's order */
	unsigned keys;	 /* private keys, which are not read */
	bool pem;	 /* the file is PEM, as it stands */
	bool plain_pem;	 /* of a form that every program takes: its bytes can be kept */
};
#define CERTIFICATE_LIST_INIT ((struct certificate_list){ NULL, 0, false, false })
#define AUTO_CERTIFICATE_LIST __attribute__((cleanup(certificate_list_clear)))
void certificate_list_clear(struct certificate_list *list);

/* false: something in it can't be read, and what. No certificate at all is an empty list. */
bool certificate_list_read(const void *data, gsize length, struct certificate_list *list,
			   GError **error);

/* Whether it is a ContentInfo of signed data (RFC 2315 section 7), as DER or BER. */
bool certificate_is_pkcs7(const void *der, gsize length);
/* Its certificates, appended as GBytes. false: it can't be read. */
bool certificate_read_pkcs7(const void *der, gsize length, GPtrArray *ders);

/* A certificate. NULL: why GnuTLS takes it for none, and who can mend it. The caller deinits it. */
gnutls_x509_crt_t certificate_parse(const void *der, gsize length, GError **error);
