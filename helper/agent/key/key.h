/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What signs: a small table of functions a kind of key, and round them what all kinds have in
 * common. software.c (libcrypto) is one; hardware keys come beside it.
 */
#pragma once

#include <stdbool.h>
#include <gio/gio.h>
#include <internal/secret.h>
#include <internal/wire.h>
#include <openssl/evp.h>

struct key_operation; /* a multi-part signature */

struct key_scheme {
	enum wire_scheme scheme;
	enum wire_digest digest; /* DIGEST_NONE: the data is what the bare mechanism signs */
	enum wire_digest pss_digest, pss_mgf;
	guint32 pss_salt; /* bytes */
};

struct key;
typedef struct key key_reference;

/* How long hardware may be waited for: `tick` is called every two seconds (a client is told that it
 * still waits), `cancel` ends it. Either may be NULL. */
struct key_patience {
	void (*tick)(void *data);
	void *data;
	GCancellable *cancel;
};

/* What a key lies below in its hardware, as a TPM's below a storage key: it is known by its name,
 * and another one is none to talk to. */
#define KEY_PARENT_NAME (2 * (2 + 64) + 1)
struct key_parent {
	guint32 handle;		    /* 0: there is none */
	char name[KEY_PARENT_NAME]; /* in hex; empty: not known yet */
};

struct key_driver {
	const char *name;
	/* Whether what was brought, a PKCS#8 PrivateKeyInfo or what only this driver knows, is the
	 * private half of that DER SubjectPublicKeyInfo. DEVID_MISMATCH, DEVID_BAD_DATA. */
	bool (*matches)(const struct secret *brought, GBytes *spki, GError **error);
	/* What the store is to keep of what was brought; NULL: the same. `auth` is what only the
	 * user's keyring knows, or empty; `parent` is told, as below. */
	bool (*seal)(const struct secret *brought, const struct secret *auth,
		     const struct key_patience *patience, struct secret *half,
		     struct key_parent *parent, GError **error);
	/* A new key of `bits` (RSA: of the modulus; EC: of the curve), as the store is to keep it,
	 * and its DER SubjectPublicKeyInfo. DEVID_UNSUPPORTED. */
	bool (*generate)(enum wire_key_type type, guint bits, const struct secret *auth,
			 const struct key_patience *patience, struct secret *half,
			 struct key_parent *parent, GBytes **spki, GError **error);
	/* Whether what the store kept opens only with its `auth`; NULL: never. */
	bool (*wants_auth)(const struct secret *half);
	/* The handle of its parent, as what the store kept names it; NULL: it has none. */
	guint32 (*parent)(const struct secret *half);
	/* From what the store kept. A parent with a name must be that one, else its name is told.
	 * DEVID_BAD_DATA, DEVID_UNSUPPORTED with the reason. */
	struct key *(*open)(const struct secret *half, const struct secret *auth,
			    const struct key_patience *patience, struct key_parent *parent,
			    GError **error);
	void (*close)(struct key *key);
	/* Signs `input`: the scheme's digest of the data, or with DIGEST_NONE the data. What a
	 * scheme may be, and how long an input, has been judged before. Safe from several threads
	 * at once.
	 */
	bool (*sign)(struct key *key, const struct key_scheme *scheme, const guint8 *input,
		     gsize length, guint8 *signature, gsize *signature_length, GError **error);
};

/* Immutable once opened; the first member of each driver's own struct. */
struct key {
	const struct key_driver *driver;
	gatomicrefcount references;
	bool rsa;
	gsize part; /* RSA: bytes of the modulus; EC: bytes of r and of s */
	GBytes *spki;
};

/* The largest signature of any key: RSA-4096. */
#define KEY_SIGNATURE_MAX 512

/* For a driver's open(). false with DEVID_FAILED. */
bool key_init(struct key *key, const struct key_driver *driver, EVP_PKEY *public, GError **error);
struct key *key_ref(struct key *key);
void key_unref(struct key *key); /* the last one closes it; NULL is harmless */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(key_reference, key_unref)
/* Whether the DER SubjectPublicKeyInfo is this key's public half, by its numbers. */
bool key_is_for(const struct key *key, const guint8 *spki, gsize length);
/* NULL: none of ours; `whole`: one that may hash a message, not only name a PSS parameter. */
const EVP_MD *key_digest(enum wire_digest digest, bool whole);

bool key_sign(struct key *key, const struct key_scheme *scheme, const guint8 *data, gsize length,
	      guint8 *signature, gsize *signature_length, GError **error);
struct key_operation *key_begin(struct key *key, const struct key_scheme *scheme, GError **error);
bool key_update(struct key_operation *operation, const guint8 *data, gsize length, GError **error);
bool key_finish(struct key_operation *operation, guint8 *signature, gsize *signature_length,
		GError **error);
void key_abandon(struct key_operation *operation); /* frees; NULL is harmless */
