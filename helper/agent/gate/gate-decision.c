/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rulings of the account's policy: see gate-decision.h. */
#include <string.h>
#include <devid/here.h>
#include "agent/identity/subject.h"
#include "base/error.h"
#include "gate-verdict.h"
#include "peer.h"
#include "gate-decision.h"

#define RULING_AGE  (60 * G_USEC_PER_SEC)
#define RULINGS_MAX 1024

struct entry {
	uid_t uid;
	guint8 spki_hash[WIRE_SPKI_HASH];
	struct gate_verdict *gate_verdict; /* that the decision is on */
	struct gate_decision *decided;	   /* NULL: none yet */
	gint64 until;
	bool asking;
};

struct gate_decisions {
	GMutex lock; /* of all below */
	GCond answered;
	GHashTable *entries; /* struct entry, its own key */
};

struct gate_decision *gate_decision_ref(struct gate_decision *decided)
{
	g_atomic_ref_count_inc(&decided->references);
	return decided;
}

void gate_decision_unref(struct gate_decision *decided)
{
	if (!decided || !g_atomic_ref_count_dec(&decided->references))
		return;
	g_clear_error(&decided->problem);
	g_free(decided->rule);
	g_free(decided);
}

static guint entry_hash(gconstpointer key)
{
	const struct entry *entry = key;
	guint value;

	memcpy(&value, entry->spki_hash, sizeof(value));
	return value ^ entry->uid;
}

static gboolean entry_equal(gconstpointer a, gconstpointer b)
{
	const struct entry *first = a, *second = b;

	return first->uid == second->uid &&
	       memcmp(first->spki_hash, second->spki_hash, WIRE_SPKI_HASH) == 0;
}

static void entry_free(void *data)
{
	struct entry *entry = data;

	gate_verdict_unref(entry->gate_verdict);
	gate_decision_unref(entry->decided);
	g_free(entry);
}

static gboolean may_go(void *key, void *value, void *data)
{
	const struct entry *entry = value;
	const gint64 *now = data;

	return !entry->asking && (!now || entry->until <= *now);
}

/* With the lock held. */
static struct entry *find(struct gate_decisions *gate_decisions, const struct subject *subject,
			  const struct peer *peer)
{
	struct entry wanted = { .uid = peer->uid };

	memcpy(wanted.spki_hash, subject->spki_hash, WIRE_SPKI_HASH);
	return g_hash_table_lookup(gate_decisions->entries, &wanted);
}

static struct entry *find_or_add(struct gate_decisions *gate_decisions,
				 const struct subject *subject, const struct peer *peer)
{
	struct entry *entry = find(gate_decisions, subject, peer);
	gint64 now = g_get_monotonic_time();

	if (entry)
		return entry;
	if (g_hash_table_size(gate_decisions->entries) >= RULINGS_MAX)
		g_hash_table_foreach_remove(gate_decisions->entries, may_go, &now);
	if (g_hash_table_size(gate_decisions->entries) >= RULINGS_MAX)
		g_hash_table_foreach_remove(gate_decisions->entries, may_go, NULL);
	entry = g_new0(struct entry, 1);
	entry->uid = peer->uid;
	memcpy(entry->spki_hash, subject->spki_hash, WIRE_SPKI_HASH);
	g_hash_table_add(gate_decisions->entries, entry);
	return entry;
}

static bool stands(const struct entry *entry, const struct gate_verdict *gate_verdict)
{
	return entry->decided && entry->gate_verdict == gate_verdict &&
	       g_get_monotonic_time() < entry->until;
}

/* The verdict, with what else the agent found wrong: to the policy a key that can be copied is no
 * better than a certificate that is refused.
 */
static struct devid_verdict whole_verdict(const struct gate_verdict *gate_verdict)
{
	struct devid_verdict verdict = *gate_verdict->verdict;

	if (gate_verdict->problem && verdict.result == DEVID_OK) {
		verdict.result = devid_error_result(gate_verdict->problem);
		verdict.reason = devid_error_reason(gate_verdict->problem);
		verdict.message = gate_verdict->problem->message;
		verdict.hint = (char *)devid_error_hint(gate_verdict->problem);
	}
	return verdict;
}

static struct gate_decision *rule(const struct devid_account *account,
				  const struct subject *subject,
				  const struct gate_verdict *gate_verdict, const struct peer *peer)
{
	struct gate_decision *decided = g_new0(struct gate_decision, 1);
	struct devid_verdict verdict = whole_verdict(gate_verdict);
	g_autofree char *user = peer_user_name(peer);
	struct devid_decision *decision = NULL;

	g_atomic_ref_count_init(&decided->references);
	/* The agent has no network of its own: it looks, and asks nobody. */
	if (devid_decide_here(account, user, DEVID_OFFICE_LOOK, &verdict, &decision) != DEVID_OK) {
		devid_error_set(&decided->problem, DEVID_NO_MEMORY, NULL, NULL,
				"%s: the account's policy could not be asked", subject->label);
		return decided;
	}
	decided->rule = g_strdup(decision->rule);
	if (decision->result != DEVID_OK) {
		devid_error_set(&decided->problem, decision->result, decision->reason,
				decision->hint, "%s",
				decision->message ? decision->message : "blocked");
		devid_error_set_brackets(decided->problem, decision->brackets);
	}
	devid_decision_free(decision);
	return decided;
}

struct gate_decision *gate_decisions_get(struct gate_decisions *gate_decisions,
					 const struct devid_account *account,
					 const struct subject *subject,
					 struct gate_verdict *gate_verdict, const struct peer *peer)
{
	struct gate_decision *decided;
	struct entry *entry;

	g_mutex_lock(&gate_decisions->lock);
	while ((entry = find_or_add(gate_decisions, subject, peer))->asking)
		g_cond_wait(&gate_decisions->answered, &gate_decisions->lock);
	if (!stands(entry, gate_verdict)) {
		/* While it asks the entry stays where it is. */
		entry->asking = true;
		g_mutex_unlock(&gate_decisions->lock);
		decided = rule(account, subject, gate_verdict, peer);
		g_mutex_lock(&gate_decisions->lock);
		gate_verdict_ref(gate_verdict);
		gate_verdict_unref(entry->gate_verdict);
		gate_decision_unref(entry->decided);
		entry->gate_verdict = gate_verdict;
		entry->decided = decided;
		entry->until = g_get_monotonic_time() + RULING_AGE;
		entry->asking = false;
		g_cond_broadcast(&gate_decisions->answered);
	}
	decided = gate_decision_ref(entry->decided);
	g_mutex_unlock(&gate_decisions->lock);
	return decided;
}

struct gate_decision *gate_decisions_look(struct gate_decisions *gate_decisions,
					  const struct subject *subject,
					  const struct gate_verdict *gate_verdict,
					  const struct peer *peer)
{
	struct gate_decision *decided = NULL;
	const struct entry *entry;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&gate_decisions->lock);

	entry = find(gate_decisions, subject, peer);
	if (entry && entry->decided && entry->gate_verdict == gate_verdict)
		decided = gate_decision_ref(entry->decided);
	return decided;
}

void gate_decisions_forget(struct gate_decisions *gate_decisions)
{
	g_mutex_lock(&gate_decisions->lock);
	g_hash_table_foreach_remove(gate_decisions->entries, may_go, NULL);
	g_mutex_unlock(&gate_decisions->lock);
}

struct gate_decisions *gate_decisions_new(void)
{
	struct gate_decisions *gate_decisions = g_new0(struct gate_decisions, 1);

	g_mutex_init(&gate_decisions->lock);
	g_cond_init(&gate_decisions->answered);
	gate_decisions->entries = g_hash_table_new_full(entry_hash, entry_equal, entry_free, NULL);
	return gate_decisions;
}

void gate_decisions_free(struct gate_decisions *gate_decisions)
{
	if (!gate_decisions)
		return;
	g_hash_table_unref(gate_decisions->entries);
	g_cond_clear(&gate_decisions->answered);
	g_mutex_clear(&gate_decisions->lock);
	g_free(gate_decisions);
}
