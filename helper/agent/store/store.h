/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where private halves rest: one table of functions a store. A store knows bytes named by the
 * SHA-256 of an SPKI, and nothing of records, certificates or clients.
 */
#pragma once

#include <stdbool.h>
#include <gio/gio.h>
#include <internal/path.h>
#include <internal/secret.h>
#include <internal/wire.h>
#include <devid/account.h>

/* How a request waits: `progress` is called when the store waits for a person (a prompt opened), so
 * that the client is told; `cancel` ends the wait when the client went away or the bound ran out.
 */
struct store_wait {
	void (*progress)(void *data);
	void *data;
	GCancellable *cancel;
	/* NULL, or char *: sentences for a person about what a store is known to keep of a half
	 * that it was made to remove, and where.
	 */
	GPtrArray *kept;
	GPtrArray
		*warnings; /* NULL, or char *: what else is to be told of a half that was written */
	bool no_auth;	   /* a key in hardware is written without an authorisation of its own */
	bool credential;   /* one of the machine's is written with the machine's credential */
};

/* NULL: nothing ends the wait. `wait` may be NULL. */
static inline GCancellable *store_wait_cancel(const struct store_wait *wait)
{
	return wait ? wait->cancel : NULL;
}

/* The same, and what is to be told goes there. */
static inline struct store_wait store_wait_telling(const struct store_wait *wait,
						   GPtrArray *warnings)
{
	struct store_wait own = { NULL, NULL, NULL, NULL, NULL, false, false };

	if (wait)
		own = *wait;
	own.warnings = warnings;
	return own;
}

enum store_state {
	STORE_READY,   /* can be read and written now */
	STORE_LOCKED,  /* there, and locked */
	STORE_MISSING, /* no bus, no daemon, no folder */
};

#define STORE_AUTH_LENGTH 32 /* bytes: as many as the digest that names a TPM's key has */

struct store {
	const char *name;  /* "keyring", "file", "tpm": as in records and --store */
	const char *title; /* for a person: "the desktop keyring" */
	enum devid_protection (*protection)(enum scope scope);
	/* `why` (may be NULL) gets one sentence, newly allocated, where it isn't READY. Never
	 * prompts, never starts a daemon by autolaunch.
	 */
	enum store_state (*state)(enum scope scope, char **why);
	/* A half as its key's driver has it: a PKCS#8 PrivateKeyInfo DER, or what a TPM wrapped.
	 * Each unlocks as needed and is bounded: 5 s without progress, 120 s with a prompt open.
	 * Errors: DEVID_STORE_*, DEVID_KEY_MISSING, DEVID_IO.
	 */
	bool (*read)(enum scope scope, const char *spki_hash_hex, const struct store_wait *wait,
		     struct secret *pkcs8, GError **error);
	/* Writing what is there already is not an error. `*sent` becomes true before the store is
	 * given the half: after a failure with it false, nothing of this half has come to the store
	 * by this call.
	 */
	bool (*write)(enum scope scope, const char *spki_hash_hex, const char *label,
		      const struct secret *pkcs8, const struct store_wait *wait, bool *sent,
		      GError **error);
	/* Removing what isn't there is not an error. */
	bool (*remove)(enum scope scope, const char *spki_hash_hex, const struct store_wait *wait,
		       GError **error);
	/* The label that a person sees beside it (the keyring's item); may be NULL. */
	bool (*relabel)(enum scope scope, const char *spki_hash_hex, const char *label,
			const struct store_wait *wait, GError **error);
	/* What must be known beside the half to use it, where the store keeps such (NULL: it has
	 * none): with a `label` it is written, else read (DEVID_KEY_MISSING). The machine's is one
	 * for all halves, and is there before them: only read. Bounds, `*sent` and errors as above.
	 */
	bool (*auth)(enum scope scope, const char *spki_hash_hex, const char *label,
		     const struct store_wait *wait, bool *sent, struct secret *auth,
		     GError **error);
};

/* keyring, file, tpm; ended by count. */
const struct store *store_table(size_t *count);
const struct store *store_find(const char *name);

enum keyring_news {
	KEYRING_LOCKED,	  /* or its daemon went: cached keys from it must be dropped */
	KEYRING_USABLE,	  /* unlocked, or its daemon came: what failed for want of it may be tried
			     again */
	KEYRING_BUS_GONE, /* the session's bus, with all that was on it */
};
