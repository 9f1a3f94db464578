/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An identity as PEM files: its certificates, and what names its key. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include "identity.h"

/* Appends certificate and chain, leaf first, or the leaf alone. */
bool identity_export_chain(const struct identity *identity, bool leaf_alone, GString *pem,
			   GError **error);
/* Appends the private key's URI as a PEM file, which OpenSSL's pkcs11-provider decodes as the key:
 * for programs that take files alone. It holds nothing secret. "PKCS#11 PROVIDER URI" is the DER of
 * SEQUENCE { VisibleString with the format's name, UTF8String with the URI } (pkcs11-provider, pull
 * requests 328 and 363). */
bool identity_export_reference(const struct identity *identity, GString *pem, GError **error);
