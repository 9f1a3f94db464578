/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The gate before each signature: is there such an identity, may this client use it, does the
 * account accept its certificate (data/doc/architecture.md, The way of a signature).
 */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <devid/account.h>
#include <devid/check.h>
#include <internal/path.h>
#include "agent/identity/subject.h"
#include "peer.h"

struct gate;
struct keycache;
struct report;

/* `uid` is the agent's own, and outlives the gate. */
struct gate *gate_new(enum scope scope, const uid_t *uid, struct report *report,
		      struct keycache *keys);
void gate_free(struct gate *gate);
/* The identity of a record's name; NULL: none. The caller owns it. */
struct subject *gate_find_name(struct gate *gate, const char *name);
/* Reads account and records if they changed. */
void gate_refresh(struct gate *gate);

/* Whether the peer may have signatures at all: on the system scope, whom the account names. */
bool gate_may_sign(struct gate *gate, struct peer *peer);
/* Whether the machine's agent lends the peer its TPM. */
bool gate_may_use_tpm(struct gate *gate, const struct peer *peer);
/* Lets a signature pass or refuses it; the caller owns the answer. */
struct subject *gate_pass(struct gate *gate, struct peer *peer, const guint8 *spki_hash,
			  GError **error);
/* Whether that is a former key whose time is over: its record and half are to be cleared away. */
bool gate_has_ended(struct gate *gate, const guint8 *spki_hash);
/* The key is in hand: the first use by this process becomes an event. */
void gate_used(struct gate *gate, struct peer *peer, struct subject *subject);
/* The key could not be had. A dismissed or unanswered prompt (`prompted`) is remembered, so that
 * the same client does not bring up another at once.
 */
void gate_failed(struct gate *gate, struct peer *peer, struct subject *subject, bool prompted,
		 const GError *error);

/* Forgets what was refused because a store could not be opened: it may be open now. */
void gate_forget_store(struct gate *gate);
/* Drops verdicts and remembered refusals, and tells how many. */
void gate_forget(struct gate *gate, guint *verdicts, guint *refusals);
/* A loaded account for a write, whose caller frees it. */
struct devid_account *gate_load_account(struct gate *gate, GError **error);

/* What STATUS tells of it. The strings are the caller's. */
struct gate_facts {
	char *folder;
	guint identities, skipped;
	guint64 generation;
	enum devid_account_state state;
	char *account_folder;
	char *problem;
	enum devid_on_use on_use;
	guint signing;
	bool gap; /* the account is gone, and what was known of it counts */
};
void gate_facts(struct gate *gate, struct gate_facts *facts);
