/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The TPM as the part's one thread has it: connected, with its storage keys found, and a session
 * whose salt only they can read. The ESYS context is used by that thread alone.
 */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <tss2/tss2_esys.h>
#include "key.h"
#include "tpm-trouble.h"

struct tpm_parent {
	ESYS_TR handle; /* ESYS_TR_NONE: not looked for yet, or let go of */
	TPM2B_PUBLIC *public;
	char name[KEY_PARENT_NAME]; /* in hex; empty: it has none that we can tell */
};

struct tpm {
	ESYS_CONTEXT *esys; /* NULL: not connected */
	struct tpm_parent srk, owner;
	ESYS_TR session;
	char salted[KEY_PARENT_NAME]; /* the name of the storage key that it is salted to */
	TPM2_HANDLE hmac_session;     /* of tpm-hmac.c, or 0; and its nonce */
	TPM2B_NONCE nonce;
	GQueue loaded; /* struct tpm_object that have a handle; the one used last is the first */
	/* Strays have been looked for, in this work. */
	bool flushed_objects, flushed_sessions;
	/* Makes room for another key after that code, if it can. */
	bool (*make_room)(struct tpm *tpm, TSS2_RC rc);
	guint connected; /* how often: handles of another time are dead */
};

/* A signature is one; a client waits five seconds for it. An import makes six commands, and a chip
 * may take a second for one; for the primes of an RSA key it may take half a minute. */
#define TPM_SIGN_BOUND_MS   4500
#define TPM_END_BOUND_MS    1000
#define TPM_BOUND_MS	    20000
#define TPM_CREATE_BOUND_MS 90000

struct tpm_work; /* what is asked of the TPM; the first member of what it is asked with */
struct tpm_work {
	gatomicrefcount references;
	bool (*run)(struct tpm *tpm, struct tpm_work *work, struct tpm_trouble *trouble);
	void (*free)(struct tpm_work *work);
	GMutex lock;
	GCond changed;
	bool done, good;
	bool abandoned;	   /* nobody waits for it any more: it need not be done */
	bool if_connected; /* there is nothing to do where nothing is connected */
	struct tpm_trouble trouble;
};

void tpm_work_init(struct tpm_work *work,
		   bool (*run)(struct tpm *tpm, struct tpm_work *work, struct tpm_trouble *trouble),
		   void (*free)(struct tpm_work *work));
void tpm_work_unref(struct tpm_work *work);
/* In the TPM's thread, which connects first; waited for no longer than the bound (DEVID_TIMEOUT).
 * Where the connection broke it is made anew and the work done once more. */
bool tpm_work_do(struct tpm_work *work, unsigned bound_ms, const struct key_patience *patience,
		 struct tpm_trouble *trouble);
/* The same, and nobody waits; consumes the reference. */
void tpm_work_begin(struct tpm_work *work);

/* Of the TPM's thread. */

/* Whether keys are kept below such a one. From any thread. */
bool tpm_is_storage_key(const TPMT_PUBLIC *public);
/* The persistent storage root key 0x81000001, where it is one that anybody may use. NULL: there
 * is none. */
const struct tpm_parent *tpm_srk(struct tpm *tpm);
/* The primary of the standard ECC template ("H-2"). */
const struct tpm_parent *tpm_owner(struct tpm *tpm, struct tpm_trouble *trouble);
void tpm_owner_release(struct tpm *tpm);
/* A TPM without a resource manager keeps what a killed agent had in it. Its keys are flushed when
 * this one connects first; after `rc` said that there is no room, what looks like ours, once in
 * each work. Whether it is worth to be tried again. */
bool tpm_flush_strays(struct tpm *tpm, TSS2_RC rc);
void tpm_disconnect(struct tpm *tpm);
void tpm_end_hmac_session(struct tpm *tpm);
/* Salted to `parent`; parameters are enciphered, those of the answer too where it begins with one
 * that can be. ESYS_TR_NONE with the trouble. */
ESYS_TR tpm_session(struct tpm *tpm, const struct tpm_parent *parent, bool answer,
		    struct tpm_trouble *trouble);
/* Whether it is worth to be tried again: the TPM is busy, and the bound is not over. It has waited
 * then. `*until` is 0 at first. */
bool tpm_is_busy(TSS2_RC rc, gint64 *until);
