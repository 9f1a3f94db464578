/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The part of the agent that talks to the TPM: a shared object beside the agent, opened when the
 * first TPM key is used. It alone is linked against the TSS, so that a machine without TPM keys
 * needs none of it.
 */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <internal/secret.h>
#include <internal/wire.h>
#include <openssl/evp.h>
#include "key.h"
#include "tpm-facts.h"
#include "tpm-file.h"
#include "tpm-trouble.h"

#define TPM_PART_VERSION 5
#define TPM_PART_SYMBOL	 "devid_tpm_part"

struct tpm_object; /* a key that the TPM has, or can have again */

/* All may be called by several threads at once: one thread of the part owns the TPM, and what
 * others ask it for waits in its queue, for as long as DEVID_TIMEOUT allows (tpm-link.c). Errors:
 * DEVID_STORE_MISSING with the reasons tpm-missing, tpm-denied, tpm-owner; DEVID_STORE_LOCKED with
 * tpm-locked-out; DEVID_KEY_MISSING with tpm-other, tpm-auth; DEVID_UNSUPPORTED; DEVID_IO.
 */
struct tpm_part {
	guint version;
	/* Has the TPM import the private key, bound to `auth` (empty: none), and tries it: a
	 * signature is made and verified. */
	bool (*seal)(EVP_PKEY *pkey, const struct secret *auth, const struct key_patience *patience,
		     struct tpm_file *file, struct tpm_trouble *trouble);
	/* The same for a TPM that is elsewhere, with that storage key (a marshalled TPM2B_PUBLIC,
	 * whose name comes with it); no TPM is asked. */
	bool (*wrap)(EVP_PKEY *pkey, const struct secret *auth, GBytes *parent,
		     struct tpm_file *file, GBytes **name, struct tpm_trouble *trouble);
	/* The public half of a key, wrapped or not; no TPM is asked. */
	EVP_PKEY *(*public_key)(const struct tpm_file *file, struct tpm_trouble *trouble);
	/* Has this TPM import it, and binds what came without an authorisation to `auth`; otherwise
	 * as seal. */
	bool (*import)(const struct tpm_file *wrapped, const struct secret *auth,
		       const struct key_patience *patience, struct tpm_file *file,
		       struct tpm_trouble *trouble);
	/* The public area (a marshalled TPM2B_PUBLIC) of the storage key that keys go below. */
	GBytes *(*parent)(struct tpm_trouble *trouble);
	/* Has the TPM make a key that never leaves it, and tries it. */
	bool (*create)(enum wire_key_type type, guint bits, const struct secret *auth,
		       const struct key_patience *patience, struct tpm_file *file,
		       EVP_PKEY **public, struct tpm_trouble *trouble);
	/* `*public` is what the file says of itself; the TPM has accepted that it belongs to its
	 * private half. A storage key of another name than the file has for it is not talked to;
	 * where it has none, it is told, as it is by what makes keys. */
	struct tpm_object *(*load)(struct tpm_file *file, const struct secret *auth,
				   const struct key_patience *patience, EVP_PKEY **public,
				   struct tpm_trouble *trouble);
	/* Signs what `digest` made of a message. RSA: as long as the modulus; ECDSA: r and s,
	 * `part` bytes each. PSS with a salt as long as the digest, or an error. */
	bool (*sign)(struct tpm_object *object, enum wire_scheme scheme, enum wire_digest digest,
		     const guint8 *hash, gsize length, gsize part, guint8 *signature,
		     struct tpm_trouble *trouble);
	void (*unload)(struct tpm_object *object);
	bool (*look)(struct tpm_facts *facts, struct tpm_trouble *trouble);
	/* Takes what is loaded out of the TPM, before the agent ends: one without a resource
	 * manager would keep it. */
	void (*end)(void);
};
