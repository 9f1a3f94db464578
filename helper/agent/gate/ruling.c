/* Rulings of the account's policy: see ruling.h. */
#include <string.h>
#include <devid/here.h>
#include "agent/identity/subject.h"
#include "base/error.h"
#include "judgement.h"
#include "peer.h"
#include "ruling.h"

#define RULING_AGE  (60 * G_USEC_PER_SEC)
#define RULINGS_MAX 1024

struct entry {
	uid_t uid;
	guint8 spki_hash[WIRE_SPKI_HASH];
	struct judgement *judgement; /* that the ruling is on */
	struct ruling *ruling;	     /* NULL: none yet */
	gint64 until;
	gboolean asking;
};

struct rulings {
	GMutex lock; /* of all below */
	GCond answered;
	GHashTable *entries; /* struct entry, its own key */
};

struct ruling *ruling_ref(struct ruling *ruling)
{
	g_atomic_ref_count_inc(&ruling->references);
	return ruling;
}

void ruling_unref(struct ruling *ruling)
{
	if (!ruling || !g_atomic_ref_count_dec(&ruling->references))
		return;
	g_clear_error(&ruling->problem);
	g_free(ruling->rule);
	g_free(ruling);
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

	judgement_unref(entry->judgement);
	ruling_unref(entry->ruling);
	g_free(entry);
}

static gboolean may_go(void *key, void *value, void *data)
{
	const struct entry *entry = value;
	const gint64 *now = data;

	return !entry->asking && (!now || entry->until <= *now);
}

/* With the lock held. */
static struct entry *find(struct rulings *rulings, const struct subject *subject,
			  const struct peer *peer)
{
	struct entry wanted = { .uid = peer->uid };

	memcpy(wanted.spki_hash, subject->spki_hash, WIRE_SPKI_HASH);
	return g_hash_table_lookup(rulings->entries, &wanted);
}

static struct entry *find_or_add(struct rulings *rulings, const struct subject *subject,
				 const struct peer *peer)
{
	struct entry *entry = find(rulings, subject, peer);
	gint64 now = g_get_monotonic_time();

	if (entry)
		return entry;
	if (g_hash_table_size(rulings->entries) >= RULINGS_MAX)
		g_hash_table_foreach_remove(rulings->entries, may_go, &now);
	if (g_hash_table_size(rulings->entries) >= RULINGS_MAX)
		g_hash_table_foreach_remove(rulings->entries, may_go, NULL);
	entry = g_new0(struct entry, 1);
	entry->uid = peer->uid;
	memcpy(entry->spki_hash, subject->spki_hash, WIRE_SPKI_HASH);
	g_hash_table_add(rulings->entries, entry);
	return entry;
}

static gboolean stands(const struct entry *entry, const struct judgement *judgement)
{
	return entry->ruling && entry->judgement == judgement &&
	       g_get_monotonic_time() < entry->until;
}

/* The verdict, with what else the agent found wrong: to the policy a key that can be copied is no better than
 * a certificate that is refused.
 */
static struct devid_verdict whole_verdict(const struct judgement *judgement)
{
	struct devid_verdict verdict = *judgement->verdict;

	if (judgement->problem && verdict.result == DEVID_OK) {
		verdict.result = devid_error_result(judgement->problem);
		verdict.reason = devid_error_reason(judgement->problem);
		verdict.message = judgement->problem->message;
		verdict.hint = (char *)devid_error_hint(judgement->problem);
	}
	return verdict;
}

static struct ruling *rule(const struct devid_account *account, const struct subject *subject,
			   const struct judgement *judgement, const struct peer *peer)
{
	struct ruling *ruling = g_new0(struct ruling, 1);
	struct devid_verdict verdict = whole_verdict(judgement);
	g_autofree char *user = peer_user_name(peer);
	struct devid_decision *decision = NULL;

	g_atomic_ref_count_init(&ruling->references);
	/* The agent has no network of its own: it looks, and asks nobody. */
	if (devid_decide_here(account, user, DEVID_OFFICE_LOOK, &verdict, &decision) != DEVID_OK) {
		devid_error_set(&ruling->problem, DEVID_NO_MEMORY, NULL, NULL,
				"%s: the account's policy could not be asked", subject->label);
		return ruling;
	}
	ruling->rule = g_strdup(decision->rule);
	if (decision->result != DEVID_OK) {
		devid_error_set(&ruling->problem, decision->result, decision->reason,
				decision->hint, "%s",
				decision->message ? decision->message : "blocked");
		devid_error_set_brackets(ruling->problem, decision->brackets);
	}
	devid_decision_free(decision);
	return ruling;
}

struct ruling *rulings_get(struct rulings *rulings, const struct devid_account *account,
			   const struct subject *subject, struct judgement *judgement,
			   const struct peer *peer)
{
	struct ruling *ruling;
	struct entry *entry;

	g_mutex_lock(&rulings->lock);
	while ((entry = find_or_add(rulings, subject, peer))->asking)
		g_cond_wait(&rulings->answered, &rulings->lock);
	if (!stands(entry, judgement)) {
		/* While it asks the entry stays where it is. */
		entry->asking = TRUE;
		g_mutex_unlock(&rulings->lock);
		ruling = rule(account, subject, judgement, peer);
		g_mutex_lock(&rulings->lock);
		judgement_ref(judgement);
		judgement_unref(entry->judgement);
		ruling_unref(entry->ruling);
		entry->judgement = judgement;
		entry->ruling = ruling;
		entry->until = g_get_monotonic_time() + RULING_AGE;
		entry->asking = FALSE;
		g_cond_broadcast(&rulings->answered);
	}
	ruling = ruling_ref(entry->ruling);
	g_mutex_unlock(&rulings->lock);
	return ruling;
}

struct ruling *rulings_look(struct rulings *rulings, const struct subject *subject,
			    const struct judgement *judgement, const struct peer *peer)
{
	struct ruling *ruling = NULL;
	const struct entry *entry;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&rulings->lock);

	entry = find(rulings, subject, peer);
	if (entry && entry->ruling && entry->judgement == judgement)
		ruling = ruling_ref(entry->ruling);
	return ruling;
}

void rulings_forget(struct rulings *rulings)
{
	g_mutex_lock(&rulings->lock);
	g_hash_table_foreach_remove(rulings->entries, may_go, NULL);
	g_mutex_unlock(&rulings->lock);
}

struct rulings *rulings_new(void)
{
	struct rulings *rulings = g_new0(struct rulings, 1);

	g_mutex_init(&rulings->lock);
	g_cond_init(&rulings->answered);
	rulings->entries = g_hash_table_new_full(entry_hash, entry_equal, entry_free, NULL);
	return rulings;
}

void rulings_free(struct rulings *rulings)
{
	if (!rulings)
		return;
	g_hash_table_unref(rulings->entries);
	g_cond_clear(&rulings->answered);
	g_mutex_clear(&rulings->lock);
	g_free(rulings);
}
