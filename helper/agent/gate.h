/* The gate before each signature: is there such an identity, may this client use it, does the account
 * accept its certificate (DESIGN sections 2 and 6).
 */
#ifndef AGENT_GATE_H
#define AGENT_GATE_H

#include <internal/record.h>
#include <gnutls/x509.h>
#include <devid/check.h>
#include "agent.h"

/* What a signature is made with: one record, read once, immutable and counted. */
struct subject {
	gatomicrefcount references;
	guint8 spki_hash[WIRE_SPKI_HASH];
	char spki_hash_hex[2 * WIRE_SPKI_HASH + 1];
	char *label;
	const struct store *store;
	GBytes *spki;
	GBytes *leaf;		  /* DER; NULL: a lone key */
	gnutls_x509_crt_t *chain; /* leaf first */
	guint chain_count;
};
struct subject *subject_new(const struct record *record);
struct subject *subject_ref(struct subject *subject);
void subject_unref(struct subject *subject);
typedef struct subject gate_subject;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gate_subject, subject_unref)

struct gate *gate_new(struct agent *agent);
void gate_free(struct gate *gate);
/* The identity of a record's name; NULL: none. The caller owns it. */
struct subject *gate_find_name(struct gate *gate, const char *name);
/* Reads account and records if they changed. */
void gate_refresh(struct gate *gate);

/* Whether the peer may have signatures at all: on the system half, whom the account names. */
gboolean gate_may_sign(struct gate *gate, struct peer *peer);
/* Lets a signature pass or refuses it; the caller owns the answer. */
struct subject *gate_pass(struct gate *gate, struct peer *peer, const guint8 *spki_hash,
			  GError **error);
/* The key is in hand: the first use by this process becomes an event. */
void gate_used(struct gate *gate, struct peer *peer, struct subject *subject);
/* The key could not be had. A dismissed or unanswered prompt (`prompted`) is remembered, so that the same
 * client does not bring up another at once.
 */
void gate_failed(struct gate *gate, struct peer *peer, struct subject *subject, gboolean prompted,
		 const GError *error);

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
};
void gate_facts(struct gate *gate, struct gate_facts *facts);

#endif
