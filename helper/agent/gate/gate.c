/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The gate: which identity a signature is for, whether this client may have it, and what the
 * account says of its certificate and of who uses it here. A verdict is kept until the account, the
 * records or the clock change it.
 */
#include <string.h>
#include <time.h>
#include <devid/policy.h>
#include "agent/identity/former.h"
#include "agent/identity/keycache.h"
#include "agent/identity/subject.h"
#include "base/error.h"
#include "gate.h"
#include "gate-verdict.h"
#include "known-account.h"
#include "known-records.h"
#include "peer.h"
#include "ready.h"
#include "refusal.h"
#include "report.h"
#include "gate-decision.h"
#include "uses.h"
#include "watch.h"

/* Group membership changes without a word. */
#define MEMBERSHIP_AGE (10 * G_USEC_PER_SEC)
/* Identities that were here and went: what a program that goes on with one is told, and the log. */
#define FORMER_MAX 64

struct judged {
	struct subject *subject;
	struct gate_verdict *gate_verdict; /* NULL: not judged yet */
	time_t judged_at;
};

struct gate {
	enum scope scope;
	const uid_t *uid; /* the agent's own */
	struct report *report;
	struct keycache *keys;
	struct watch *watch;
	struct refusals *refusals;
	struct gate_decisions *gate_decisions;
	GMutex lock; /* of all below */
	struct epochs epochs;
	struct account_keeper account;
	struct known_records records;
	GHashTable *judged; /* by the SPKI's hash */
	GHashTable *former; /* subjects by theirs */
	GHashTable *uses;   /* uses.h */
};

static void judged_free(void *data)
{
	struct judged *judged = data;

	subject_unref(judged->subject);
	gate_verdict_unref(judged->gate_verdict);
	g_free(judged);
}

static bool record_keeps(const guint8 *spki_hash, void *data)
{
	return known_records_find(data, spki_hash) != NULL;
}

/* How many there were. */
static guint forget_verdicts(struct gate *gate)
{
	GHashTableIter iterator;
	gpointer value;
	guint verdicts = 0;

	g_hash_table_iter_init(&iterator, gate->judged);
	while (g_hash_table_iter_next(&iterator, NULL, &value)) {
		struct judged *judged = value;

		verdicts += judged->gate_verdict != NULL;
		g_clear_pointer(&judged->gate_verdict, gate_verdict_unref);
	}
	return verdicts;
}

/* With the lock held, as all of these. */
static void read_account(struct gate *gate)
{
	if (known_account_read(&gate->account))
		forget_verdicts(gate);
}

/* What is known now may be gone with the next records. */
static void keep_former(struct gate *gate)
{
	GHashTableIter iterator;
	gpointer judged;

	if (g_hash_table_size(gate->former) > FORMER_MAX)
		g_hash_table_remove_all(gate->former);
	g_hash_table_iter_init(&iterator, gate->judged);
	while (g_hash_table_iter_next(&iterator, NULL, &judged)) {
		struct subject *subject = subject_ref(((struct judged *)judged)->subject);

		g_hash_table_replace(gate->former, subject->spki_hash, subject);
	}
}

static void read_records(struct gate *gate)
{
	keep_former(gate);
	g_hash_table_remove_all(gate->judged);
	known_records_read(&gate->records, gate->scope);
	/* A key whose record went is not for use any more. */
	keycache_retain(gate->keys, record_keeps, &gate->records);
}

static void refresh(struct gate *gate)
{
	struct epochs now;

	watch_read(gate->watch, &now);
	if (now.account != gate->epochs.account) {
		if (gate->epochs.account)
			keycache_drop_all(gate->keys);
		read_account(gate);
	} else if (known_account_is_old(&gate->account)) {
		read_account(gate);
	}
	if (now.records != gate->epochs.records)
		read_records(gate);
	gate->epochs = now;
}

static guint64 epoch(const struct gate *gate)
{
	return gate->epochs.account + gate->epochs.records;
}

/* Whether the clock alone leaves the verdict standing. */
static bool still_stands(const struct judged *judged, time_t now)
{
	const struct gate_verdict *gate_verdict = judged->gate_verdict;
	time_t until;

	if (!gate_verdict || now < judged->judged_at)
		return false;
	until = gate_verdict->verdict ? gate_verdict->verdict->valid_until : 0;
	return until == 0 || now < until;
}

/* A former key is for use until its end, and not where the account wants none used. */
static bool has_ended(const struct gate *gate, const struct subject *subject, time_t now)
{
	const struct devid_account *account = known_account_get(&gate->account);

	return subject->until && (now >= subject->until ||
				  (account && devid_account_state(account) == DEVID_ACCOUNT_READY &&
				   devid_account_overlap(account) == 0));
}

static struct judged *no_identity(const struct subject *was, GError **error)
{
	return devid_error_null(error, DEVID_NOT_FOUND, "key-gone", NULL,
				"%s: no identity with this key is on the token any more",
				was ? was->label : "identity");
}

static struct judged *find_judged(struct gate *gate, const guint8 *spki_hash, time_t now,
				  GError **error)
{
	struct judged *judged = g_hash_table_lookup(gate->judged, spki_hash);

	if (!judged) {
		const struct record *record = known_records_find(&gate->records, spki_hash);

		if (!record)
			return no_identity(g_hash_table_lookup(gate->former, spki_hash), error);
		judged = g_new0(struct judged, 1);
		judged->subject = subject_new(record);
		g_hash_table_insert(gate->judged, judged->subject->spki_hash, judged);
	}
	if (has_ended(gate, judged->subject, now))
		return no_identity(judged->subject, error);
	if (!still_stands(judged, now)) {
		g_clear_pointer(&judged->gate_verdict, gate_verdict_unref);
		judged->gate_verdict = gate_verdict_new(known_account_get(&gate->account),
							gate->scope, judged->subject, now);
		judged->judged_at = now;
	}
	return judged;
}

bool gate_has_ended(struct gate *gate, const guint8 *spki_hash)
{
	const struct record *record;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&gate->lock);

	record = known_records_find(&gate->records, spki_hash);
	return record && record->until && former_end(record) <= time(NULL);
}

void gate_refresh(struct gate *gate)
{
	ready_gnutls();
	g_mutex_lock(&gate->lock);
	refresh(gate);
	g_mutex_unlock(&gate->lock);
}

struct subject *gate_find_name(struct gate *gate, const char *name)
{
	struct subject *subject = NULL;
	const struct record *record;

	ready_gnutls();
	g_mutex_lock(&gate->lock);
	refresh(gate);
	record = known_records_find_name(&gate->records, name);
	if (record)
		subject = subject_new(record);
	g_mutex_unlock(&gate->lock);
	return subject;
}

bool gate_may_sign(struct gate *gate, struct peer *peer)
{
	gint64 now = g_get_monotonic_time();
	struct known_account *account;
	guint64 asked;

	if (gate->scope == SCOPE_USER)
		return peer->uid == *gate->uid;
	if (peer->uid == 0)
		return true;
	gate_refresh(gate);
	g_mutex_lock(&gate->lock);
	asked = gate->epochs.account;
	account = gate->account.known ? known_account_ref(gate->account.known) : NULL;
	g_mutex_unlock(&gate->lock);
	if (peer->asked_epoch != asked || now - peer->asked_at >= MEMBERSHIP_AGE) {
		/* The name service may take its time: nobody else waits for it. */
		peer->may_sign = account && devid_account_may_use_system(account->account,
									 peer->uid, peer->gid);
		peer->asked_epoch = asked;
		peer->asked_at = now;
	}
	known_account_unref(account);
	return peer->may_sign;
}

bool gate_may_use_tpm(struct gate *gate, const struct peer *peer)
{
	struct known_account *account;
	bool may;

	if (gate->scope == SCOPE_USER)
		return peer->uid == *gate->uid;
	gate_refresh(gate);
	g_mutex_lock(&gate->lock);
	account = gate->account.known ? known_account_ref(gate->account.known) : NULL;
	g_mutex_unlock(&gate->lock);
	may = peer->uid == 0 ||
	      (account && devid_account_may_use_tpm(account->account, peer->uid, peer->gid));
	known_account_unref(account);
	return may;
}

/* What is asked of one use: taken together, so that all of it is of one moment. */
struct asked {
	struct subject *subject;
	struct gate_verdict *gate_verdict;
	struct known_account *account; /* whose policy is to be asked; NULL: there is none */
	guint64 judged_by;
};

static void asked_clear(struct asked *asked)
{
	subject_unref(asked->subject);
	gate_verdict_unref(asked->gate_verdict);
	known_account_unref(asked->account);
}

static bool ask(struct gate *gate, const guint8 *spki_hash, struct asked *asked, GError **error)
{
	const struct judged *judged;

	memset(asked, 0, sizeof(*asked));
	ready_gnutls();
	g_mutex_lock(&gate->lock);
	refresh(gate);
	asked->judged_by = epoch(gate);
	judged = find_judged(gate, spki_hash, time(NULL), error);
	if (judged) {
		asked->subject = subject_ref(judged->subject);
		asked->gate_verdict = gate_verdict_ref(judged->gate_verdict);
		/* Without a verdict nothing is asked of anybody (OnUse=off, no account). */
		if (judged->gate_verdict->verdict && gate->account.known &&
		    gate->account.known->has_policy)
			asked->account = known_account_ref(gate->account.known);
	}
	g_mutex_unlock(&gate->lock);
	return judged != NULL;
}

/* false: refused, which is told where it is news. */
static bool allow(struct gate *gate, struct peer *peer, const struct asked *asked, GError **error)
{
	g_autoptr(gate_decision) decided = NULL;
	const GError *problem = asked->gate_verdict->problem;
	struct report_use use = { peer, asked->subject, asked->gate_verdict->verdict,
				  NULL, "Refused",	NULL };

	if (asked->account) {
		decided = gate_decisions_get(gate->gate_decisions, asked->account->account,
					     asked->subject, asked->gate_verdict, peer);
		problem = decided->problem;
		use.rule = decided->rule;
	}
	if (!problem || !asked->gate_verdict->refuse)
		return true;
	use.problem = problem;
	peer_look(peer);
	if (refusals_add(gate->refusals, peer, asked->subject->spki_hash, asked->judged_by, true,
			 problem)) {
		report_use(gate->report, &use);
		report_refusal(gate->report, peer, asked->subject, problem);
	}
	g_propagate_error(error, g_error_copy(problem));
	return false;
}

/* With the lock held. The caller owns it; NULL: nothing is known of it. */
static struct subject *known_subject(struct gate *gate, const guint8 *spki_hash)
{
	struct judged *judged = g_hash_table_lookup(gate->judged, spki_hash);
	struct subject *subject =
		judged ? judged->subject : g_hash_table_lookup(gate->former, spki_hash);

	return subject ? subject_ref(subject) : NULL;
}

/* No client says why: a program that goes on with a key that was replaced or removed is told in the
 * log. */
static void tell_gone(struct gate *gate, struct peer *peer, const guint8 *spki_hash,
		      const GError *problem)
{
	struct report_use use = { peer, NULL, NULL, problem, "Refused", NULL };

	peer_look(peer);
	if (!refusals_add(gate->refusals, peer, spki_hash, 0, false, problem))
		return;
	g_mutex_lock(&gate->lock);
	use.subject = known_subject(gate, spki_hash);
	g_mutex_unlock(&gate->lock);
	report_use(gate->report, &use);
	if (use.subject)
		subject_unref(use.subject);
}

static bool account_is_broken(struct gate *gate, GError **error)
{
	bool broken;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&gate->lock);

	broken = known_account_is_broken(&gate->account, error);
	return broken;
}

struct subject *gate_pass(struct gate *gate, struct peer *peer, const guint8 *spki_hash,
			  GError **error)
{
	struct subject *subject = NULL;
	struct asked asked;
	GError *remembered = NULL;

	if (!gate_may_sign(gate, peer)) {
		/* Who may is not known of an account that is broken: no group would help. */
		if (account_is_broken(gate, error))
			return NULL;
		return devid_error_null(
			error, DEVID_DENIED, "system-user", NULL,
			"signature: the account does not let this user use the machine's "
			"identity");
	}
	if (!ask(gate, spki_hash, &asked, &remembered)) {
		tell_gone(gate, peer, spki_hash, remembered);
		g_propagate_error(error, remembered);
		return NULL;
	}
	remembered = refusals_find(gate->refusals, peer, spki_hash, asked.judged_by);
	if (remembered)
		g_propagate_error(error, remembered);
	else if (allow(gate, peer, &asked, error))
		subject = subject_ref(asked.subject);
	asked_clear(&asked);
	return subject;
}

void gate_used(struct gate *gate, struct peer *peer, struct subject *subject)
{
	struct gate_verdict *gate_verdict = NULL;
	struct judged *judged;
	bool first, former = subject->until != 0;

	if (peer->used && peer->used_former == former &&
	    subject_key_equal(peer->used_key, subject->spki_hash))
		return;
	peer->used = true;
	peer->used_former = former;
	memcpy(peer->used_key, subject->spki_hash, WIRE_SPKI_HASH);
	peer_look(peer);
	g_mutex_lock(&gate->lock);
	judged = g_hash_table_lookup(gate->judged, subject->spki_hash);
	if (judged && judged->gate_verdict)
		gate_verdict = gate_verdict_ref(judged->gate_verdict);
	first = uses_add(gate->uses, peer, subject);
	g_mutex_unlock(&gate->lock);
	if (first) {
		struct report_use use = { peer, subject, NULL, NULL, "Allowed", NULL };
		g_autoptr(gate_decision) decided =
			gate_verdict ? gate_decisions_look(gate->gate_decisions, subject,
							   gate_verdict, peer)
				     : NULL;

		use.verdict = gate_verdict ? gate_verdict->verdict : NULL;
		use.problem = decided	     ? decided->problem
			      : gate_verdict ? gate_verdict->problem
					     : NULL;
		use.rule = decided ? decided->rule : NULL;
		report_use(gate->report, &use);
	}
	gate_verdict_unref(gate_verdict);
}

void gate_failed(struct gate *gate, struct peer *peer, struct subject *subject, bool prompted,
		 const GError *error)
{
	struct report_use use = { peer, subject, NULL, error, "Failed", NULL };
	bool binding = prompted || g_error_matches(error, DEVID_ERROR, (gint)DEVID_STORE_DISMISSED);

	peer_look(peer);
	if (!refusals_add(gate->refusals, peer, subject->spki_hash, 0, binding, error))
		return;
	report_use(gate->report, &use);
	report_refusal(gate->report, peer, subject, error);
}

void gate_forget_store(struct gate *gate)
{
	refusals_drop_store(gate->refusals);
}

void gate_forget(struct gate *gate, guint *verdicts, guint *refusals)
{
	g_mutex_lock(&gate->lock);
	*verdicts = forget_verdicts(gate);
	/* An account that is away, whether that was seen already or not, is forgotten too. */
	known_account_forget(&gate->account);
	g_hash_table_remove_all(gate->uses);
	g_mutex_unlock(&gate->lock);
	gate_decisions_forget(gate->gate_decisions);
	*refusals = refusals_drop_all(gate->refusals);
}

struct devid_account *gate_load_account(struct gate *gate, GError **error)
{
	struct devid_account *account = NULL;

	ready_gnutls();
	if (devid_account_load(NULL, gate->scope == SCOPE_SYSTEM, &account) != DEVID_OK)
		devid_error_set(error, DEVID_NO_MEMORY, NULL, NULL, "account: no memory");
	return account;
}

struct gate *gate_new(enum scope scope, const uid_t *uid, struct report *report,
		      struct keycache *keys)
{
	struct gate *gate = g_new0(struct gate, 1);

	gate->scope = scope;
	gate->uid = uid;
	gate->report = report;
	gate->keys = keys;
	gate->account.scope = scope;
	g_mutex_init(&gate->lock);
	gate->watch = watch_new(scope);
	gate->refusals = refusals_new();
	gate->gate_decisions = gate_decisions_new();
	gate->judged =
		g_hash_table_new_full(subject_key_hash, subject_key_equal, NULL, judged_free);
	gate->former = g_hash_table_new_full(subject_key_hash, subject_key_equal, NULL,
					     (GDestroyNotify)subject_unref);
	gate->uses = uses_new();
	return gate;
}

void gate_free(struct gate *gate)
{
	if (!gate)
		return;
	g_hash_table_unref(gate->judged);
	g_hash_table_unref(gate->former);
	g_hash_table_unref(gate->uses);
	known_records_clear(&gate->records);
	known_account_clear(&gate->account);
	refusals_free(gate->refusals);
	gate_decisions_free(gate->gate_decisions);
	watch_free(gate->watch);
	g_mutex_clear(&gate->lock);
	g_free(gate);
}

void gate_facts(struct gate *gate, struct gate_facts *facts)
{
	char folder[PATH_BUFFER] = "";
	const struct devid_account *account;

	gate_refresh(gate);
	facts->folder = g_strdup(path_data(gate->scope, folder) ? folder : "");
	g_mutex_lock(&gate->lock);
	account = known_account_get(&gate->account);
	facts->identities = (guint)gate->records.now.count;
	facts->skipped = (guint)gate->records.now.skipped;
	facts->generation = gate->records.now.generation;
	facts->state = account ? devid_account_state(account) : DEVID_ACCOUNT_UNUSABLE;
	facts->account_folder = g_strdup(account ? devid_account_folder(account) : "");
	facts->problem = g_strdup(account ? devid_account_problem(account) : "no memory");
	facts->on_use = account ? devid_account_on_use(account) : DEVID_ON_USE_ENFORCE;
	facts->signing = account ? (guint)devid_account_signing_count(account) : 0;
	facts->gap = gate->account.gap_since != 0;
	g_mutex_unlock(&gate->lock);
}
