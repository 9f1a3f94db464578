/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What signs: one table of functions a kind of key. software.c (libcrypto) is the first; hardware
 * keys come beside it.
 */
#pragma once

#include <glib.h>
#include <internal/secret.h>
#include <internal/wire.h>

struct key;	      /* immutable once opened; signing is safe from several threads at once */
struct key_operation; /* a multi-part signature */

struct key_scheme {
	enum wire_scheme scheme;
	enum wire_digest digest; /* DIGEST_NONE: the data is what the bare mechanism signs */
	enum wire_digest pss_digest, pss_mgf;
	guint32 pss_salt; /* bytes */
};

struct key_driver {
	const char *name;
	/* From a PKCS#8 PrivateKeyInfo. DEVID_BAD_DATA, DEVID_UNSUPPORTED with the reason. */
	struct key *(*open)(const struct secret *pkcs8, GError **error);
	void (*close)(struct key *key);
	gboolean (*sign)(struct key *key, const struct key_scheme *scheme, const guint8 *data,
			 gsize length, guint8 *signature, gsize *signature_length, GError **error);
	struct key_operation *(*begin)(struct key *key, const struct key_scheme *scheme,
				       GError **error);
	gboolean (*update)(struct key_operation *operation, const guint8 *data, gsize length,
			   GError **error);
	gboolean (*finish)(struct key_operation *operation, guint8 *signature,
			   gsize *signature_length, GError **error);
	void (*abandon)(struct key_operation *operation); /* frees; NULL is harmless */
	/* Whether the DER SubjectPublicKeyInfo is this key's public half, by its numbers. */
	gboolean (*is_for)(const struct key *key, const guint8 *spki, gsize length);
};

/* The largest signature of any key: RSA-4096. */
#define KEY_SIGNATURE_MAX 512
