/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a file brings: private keys and certificates, not yet paired. PKCS#12 (p12.c), PEM and DER
 * (pem.c) all end here; candidate.c makes an identity of it.
 */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <gnutls/x509.h>
#include <internal/secret.h>

/* No identity comes near this; a .p12 with sixteen long certificates is a tenth of it. */
#define BUNDLE_FILE_MAX	 (1024 * 1024)
#define BUNDLE_ITEMS_MAX 512
#define BUNDLE_KEYS_MAX	 64

enum bundle_kind {
	BUNDLE_PKCS12,
	BUNDLE_PEM,
	BUNDLE_DER,
};

enum bundle_password {
	BUNDLE_PASSWORD_NONE,  /* nothing in it is protected */
	BUNDLE_PASSWORD_EMPTY, /* protected with an empty one */
	BUNDLE_PASSWORD_SET,
};

struct bundle_key {
	struct secret pkcs8; /* PrivateKeyInfo */
	char *name;	     /* friendly name, or NULL */
	GBytes *local_id;    /* or NULL */
};

struct bundle_certificate {
	GBytes *der;
	gnutls_x509_crt_t crt;
	char *name;
	GBytes *local_id;
};

struct bundle {
	enum bundle_kind kind;
	enum bundle_password password;
	GPtrArray *keys;	 /* struct bundle_key */
	GPtrArray *certificates; /* struct bundle_certificate */
	GBytes *wrapped;	 /* DER of a key that one TPM alone can take, or NULL */
	GPtrArray *warnings;	 /* char* */
	GError *unreadable;	 /* the first certificate that was left out, or NULL */
};

struct bundle *bundle_new(enum bundle_kind kind);
void bundle_free(struct bundle *bundle);
#define AUTO_BUNDLE __attribute__((cleanup(bundle_clear)))
static inline void bundle_clear(struct bundle **bundle)
{
	bundle_free(*bundle);
}

/* Takes `pkcs8`, which is made whole (key-complete.h), and, where they aren't NULL, name and id. */
struct bundle_key *bundle_add_key(struct bundle *bundle, struct secret *pkcs8, char *name,
				  GBytes *id);
/* A certificate that GnuTLS can't read becomes a warning and false. Takes name and id. */
bool bundle_add_certificate(struct bundle *bundle, const void *der, size_t length, char *name,
			    GBytes *id);

/* The bytes of a file of at most BUNDLE_FILE_MAX; "-" is standard input. A folder, a FIFO, a device
 * and an empty file are refused. `others` (may be NULL): whether people beside the owner may read
 * it.
 */
bool bundle_read_file(const char *path, struct secret *bytes, bool *others, GError **error);
/* How a file is called in messages. */
const char *bundle_title(const char *path);
