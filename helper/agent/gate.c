/* The gate: which identity a signature is for, whether this client may have it, and what the account
 * says of its certificate and of who uses it here. A verdict is kept until the account, the records or the clock change it.
 */
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <devid/policy.h>
#include <internal/record.h>
#include "../account/error.h"
#include "gate.h"
#include "judgement.h"
#include "keycache.h"
#include "refusal.h"
#include "report.h"
#include "ruling.h"
#include "watch.h"

/* An account is read anew at least this often: it may name revocation lists anywhere. */
#define ACCOUNT_AGE (60 * G_USEC_PER_SEC)
/* Group membership changes without a word. */
#define MEMBERSHIP_AGE (10 * G_USEC_PER_SEC)
#define USES_MAX       4096

struct account {
	gatomicrefcount references;
	struct devid_account *account;
	gboolean has_policy; /* there is more to ask than the certificate */
};

struct judged {
	struct subject *subject;
	struct judgement *judgement; /* NULL: not judged yet */
	time_t judged_at;
};

struct gate {
	struct agent *agent;
	struct watch *watch;
	struct refusals *refusals;
	struct rulings *rulings;
	GMutex lock; /* of all below */
	struct epochs epochs;
	struct account *account;
	gint64 account_read;
	struct record_list records;
	GHashTable *judged; /* by the SPKI's hash */
	GHashTable *uses;   /* GBytes: process and key */
};

static struct account *account_ref(struct account *account)
{
	g_atomic_ref_count_inc(&account->references);
	return account;
}

static void account_unref(struct account *account)
{
	if (!account || !g_atomic_ref_count_dec(&account->references))
		return;
	devid_account_free(account->account);
	g_free(account);
}

static void judged_free(void *data)
{
	struct judged *judged = data;

	subject_unref(judged->subject);
	judgement_unref(judged->judgement);
	g_free(judged);
}

static guint hash_spki(gconstpointer key)
{
	guint value;

	memcpy(&value, key, sizeof(value));
	return value;
}

static gboolean equal_spki(gconstpointer a, gconstpointer b)
{
	return memcmp(a, b, WIRE_SPKI_HASH) == 0;
}

static const struct record *record_find(const struct record_list *records, const guint8 *spki_hash)
{
	for (size_t i = 0; i < records->count; i++)
		if (memcmp(records->records[i].spki_hash, spki_hash, WIRE_SPKI_HASH) == 0)
			return &records->records[i];
	return NULL;
}

static gboolean record_keeps(const guint8 *spki_hash, void *data)
{
	return record_find(data, spki_hash) != NULL;
}

static void warn_skipped(const char *file, unsigned line, const char *why, void *data)
{
	(void)data;
	syslog(LOG_WARNING, "%s:%u: record skipped: %s", file, line, why);
}

static void forget_verdicts(struct gate *gate)
{
	GHashTableIter iterator;
	gpointer judged;

	g_hash_table_iter_init(&iterator, gate->judged);
	while (g_hash_table_iter_next(&iterator, NULL, &judged))
		g_clear_pointer(&((struct judged *)judged)->judgement, judgement_unref);
}

/* With the lock held, as all of these. */
static void read_account(struct gate *gate)
{
	struct account *account = g_new0(struct account, 1);

	g_atomic_ref_count_init(&account->references);
	if (devid_account_load(NULL, gate->agent->half == HALF_SYSTEM, &account->account) !=
	    DEVID_OK) {
		/* Nothing is known of it, so nothing is allowed: judgement_new() sees to it. */
		account_unref(account);
		account = NULL;
	} else if (devid_account_state(account->account) == DEVID_ACCOUNT_READY) {
		account->has_policy = devid_account_has_policy(account->account);
	}
	account_unref(gate->account);
	gate->account = account;
	gate->account_read = g_get_monotonic_time();
	forget_verdicts(gate);
}

static void read_records(struct gate *gate)
{
	char folder[PATH_BUFFER];

	g_hash_table_remove_all(gate->judged);
	record_list_clear(&gate->records);
	if (!path_data(gate->agent->half, folder) ||
	    record_load_folder(folder, &gate->records, warn_skipped, NULL) != DEVID_OK)
		memset(&gate->records, 0, sizeof(gate->records));
	/* A key whose record went is not for use any more. */
	keycache_retain(gate->agent->keys, record_keeps, &gate->records);
}

static void refresh(struct gate *gate)
{
	struct epochs now;

	watch_read(gate->watch, &now);
	if (now.account != gate->epochs.account) {
		if (gate->epochs.account)
			keycache_drop_all(gate->agent->keys);
		read_account(gate);
	} else if (g_get_monotonic_time() - gate->account_read >= ACCOUNT_AGE) {
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

/* Whether the clock alone leaves the judgement standing. */
static gboolean still_stands(const struct judged *judged, time_t now)
{
	const struct judgement *judgement = judged->judgement;
	time_t until;

	if (!judgement || now < judged->judged_at)
		return FALSE;
	until = judgement->verdict ? judgement->verdict->valid_until : 0;
	return until == 0 || now < until;
}

static struct judged *find_judged(struct gate *gate, const guint8 *spki_hash, time_t now,
				  GError **error)
{
	struct judged *judged = g_hash_table_lookup(gate->judged, spki_hash);

	if (!judged) {
		const struct record *record = record_find(&gate->records, spki_hash);

		if (!record) {
			devid_error_set(error, DEVID_NOT_FOUND, NULL, NULL,
					"identity: none with this key is on the token any more");
			return NULL;
		}
		judged = g_new0(struct judged, 1);
		judged->subject = subject_new(record);
		g_hash_table_insert(gate->judged, judged->subject->spki_hash, judged);
	}
	if (!still_stands(judged, now)) {
		g_clear_pointer(&judged->judgement, judgement_unref);
		judged->judgement = judgement_new(gate->account ? gate->account->account : NULL,
						  gate->agent->half, judged->subject, now);
		judged->judged_at = now;
	}
	return judged;
}

void gate_refresh(struct gate *gate)
{
	agent_ready();
	g_mutex_lock(&gate->lock);
	refresh(gate);
	g_mutex_unlock(&gate->lock);
}

struct subject *gate_find_name(struct gate *gate, const char *name)
{
	struct subject *subject = NULL;

	agent_ready();
	g_mutex_lock(&gate->lock);
	refresh(gate);
	for (size_t i = 0; i < gate->records.count && !subject; i++)
		if (strcmp(gate->records.records[i].name, name) == 0)
			subject = subject_new(&gate->records.records[i]);
	g_mutex_unlock(&gate->lock);
	return subject;
}

gboolean gate_may_sign(struct gate *gate, struct peer *peer)
{
	gint64 now = g_get_monotonic_time();
	struct account *account;
	guint64 asked;

	if (gate->agent->half == HALF_USER)
		return peer->uid == gate->agent->uid;
	if (peer->uid == 0)
		return TRUE;
	gate_refresh(gate);
	g_mutex_lock(&gate->lock);
	asked = gate->epochs.account;
	account = gate->account ? account_ref(gate->account) : NULL;
	g_mutex_unlock(&gate->lock);
	if (peer->asked_epoch != asked || now - peer->asked_at >= MEMBERSHIP_AGE) {
		/* The name service may take its time: nobody else waits for it. */
		peer->may_sign = account && devid_account_may_use_system(account->account,
									 peer->uid, peer->gid);
		peer->asked_epoch = asked;
		peer->asked_at = now;
	}
	account_unref(account);
	return peer->may_sign;
}

/* What is asked of one use: taken together, so that all of it is of one moment. */
struct asked {
	struct subject *subject;
	struct judgement *judgement;
	struct account *account; /* whose policy is to be asked; NULL: there is none */
	guint64 judged_by;
};

static void asked_clear(struct asked *asked)
{
	subject_unref(asked->subject);
	judgement_unref(asked->judgement);
	account_unref(asked->account);
}

static gboolean ask(struct gate *gate, const guint8 *spki_hash, struct asked *asked, GError **error)
{
	const struct judged *judged;

	memset(asked, 0, sizeof(*asked));
	agent_ready();
	g_mutex_lock(&gate->lock);
	refresh(gate);
	asked->judged_by = epoch(gate);
	judged = find_judged(gate, spki_hash, time(NULL), error);
	if (judged) {
		asked->subject = subject_ref(judged->subject);
		asked->judgement = judgement_ref(judged->judgement);
		/* Without a verdict nothing is asked of anybody (OnUse=off, no account). */
		if (judged->judgement->verdict && gate->account && gate->account->has_policy)
			asked->account = account_ref(gate->account);
	}
	g_mutex_unlock(&gate->lock);
	return judged != NULL;
}

/* FALSE: refused, which is told where it is news. */
static gboolean allow(struct gate *gate, struct peer *peer, const struct asked *asked,
		      GError **error)
{
	g_autoptr(gate_ruling) ruling = NULL;
	const GError *problem = asked->judgement->problem;
	struct report_use use = { peer, asked->subject, asked->judgement->verdict,
				  NULL, "Refused",	NULL };

	if (asked->account) {
		ruling = rulings_get(gate->rulings, asked->account->account, asked->subject,
				     asked->judgement, peer);
		problem = ruling->problem;
		use.rule = ruling->rule;
	}
	if (!problem || !asked->judgement->refuse)
		return TRUE;
	use.problem = problem;
	peer_look(peer);
	if (refusals_add(gate->refusals, peer, asked->subject->spki_hash, asked->judged_by, TRUE,
			 problem)) {
		report_use(gate->agent->report, &use);
		report_refusal(gate->agent->report, peer, asked->subject, problem);
	}
	g_propagate_error(error, g_error_copy(problem));
	return FALSE;
}

struct subject *gate_pass(struct gate *gate, struct peer *peer, const guint8 *spki_hash,
			  GError **error)
{
	struct subject *subject = NULL;
	struct asked asked;
	GError *remembered;

	if (!gate_may_sign(gate, peer)) {
		devid_error_set(error, DEVID_DENIED, "system-user", NULL,
				"signature: the account does not let this user use the machine's "
				"identity");
		return NULL;
	}
	if (!ask(gate, spki_hash, &asked, error))
		return NULL;
	remembered = refusals_find(gate->refusals, peer, spki_hash, asked.judged_by);
	if (remembered)
		g_propagate_error(error, remembered);
	else if (allow(gate, peer, &asked, error))
		subject = subject_ref(asked.subject);
	asked_clear(&asked);
	return subject;
}

/* Whether this process has not used this key before, as far as is remembered. */
static gboolean first_use(struct gate *gate, const struct peer *peer, const struct subject *subject)
{
	guint8 name[sizeof(peer->pid) + sizeof(peer->start_time) + WIRE_SPKI_HASH];
	GBytes *use;

	memcpy(name, &peer->pid, sizeof(peer->pid));
	memcpy(name + sizeof(peer->pid), &peer->start_time, sizeof(peer->start_time));
	memcpy(name + sizeof(peer->pid) + sizeof(peer->start_time), subject->spki_hash,
	       WIRE_SPKI_HASH);
	use = g_bytes_new(name, sizeof(name));
	if (g_hash_table_contains(gate->uses, use)) {
		g_bytes_unref(use);
		return FALSE;
	}
	if (g_hash_table_size(gate->uses) >= USES_MAX)
		g_hash_table_remove_all(gate->uses);
	g_hash_table_add(gate->uses, use);
	return TRUE;
}

void gate_used(struct gate *gate, struct peer *peer, struct subject *subject)
{
	struct judgement *judgement = NULL;
	struct judged *judged;
	gboolean first;

	if (peer->used && equal_spki(peer->used_key, subject->spki_hash))
		return;
	peer->used = TRUE;
	memcpy(peer->used_key, subject->spki_hash, WIRE_SPKI_HASH);
	peer_look(peer);
	g_mutex_lock(&gate->lock);
	judged = g_hash_table_lookup(gate->judged, subject->spki_hash);
	if (judged && judged->judgement)
		judgement = judgement_ref(judged->judgement);
	first = first_use(gate, peer, subject);
	g_mutex_unlock(&gate->lock);
	if (first) {
		struct report_use use = { peer, subject, NULL, NULL, "Allowed", NULL };
		g_autoptr(gate_ruling) ruling =
			judgement ? rulings_look(gate->rulings, subject, judgement, peer) : NULL;

		use.verdict = judgement ? judgement->verdict : NULL;
		use.problem = ruling ? ruling->problem : judgement ? judgement->problem : NULL;
		use.rule = ruling ? ruling->rule : NULL;
		report_use(gate->agent->report, &use);
	}
	judgement_unref(judgement);
}

void gate_failed(struct gate *gate, struct peer *peer, struct subject *subject, gboolean prompted,
		 const GError *error)
{
	struct report_use use = { peer, subject, NULL, error, "Failed", NULL };
	gboolean binding =
		prompted || g_error_matches(error, DEVID_ERROR, (gint)DEVID_STORE_DISMISSED);

	peer_look(peer);
	if (!refusals_add(gate->refusals, peer, subject->spki_hash, 0, binding, error))
		return;
	report_use(gate->agent->report, &use);
	report_refusal(gate->agent->report, peer, subject, error);
}

void gate_forget(struct gate *gate, guint *verdicts, guint *refusals)
{
	g_mutex_lock(&gate->lock);
	*verdicts = 0;

	GHashTableIter iterator;
	gpointer judged;

	g_hash_table_iter_init(&iterator, gate->judged);
	while (g_hash_table_iter_next(&iterator, NULL, &judged))
		*verdicts += ((struct judged *)judged)->judgement != NULL;
	forget_verdicts(gate);
	g_hash_table_remove_all(gate->uses);
	g_mutex_unlock(&gate->lock);
	rulings_forget(gate->rulings);
	*refusals = refusals_drop_all(gate->refusals);
}

struct devid_account *gate_load_account(struct gate *gate, GError **error)
{
	struct devid_account *account = NULL;

	agent_ready();
	if (devid_account_load(NULL, gate->agent->half == HALF_SYSTEM, &account) != DEVID_OK)
		devid_error_set(error, DEVID_NO_MEMORY, NULL, NULL, "account: no memory");
	return account;
}

struct gate *gate_new(struct agent *agent)
{
	struct gate *gate = g_new0(struct gate, 1);

	gate->agent = agent;
	g_mutex_init(&gate->lock);
	gate->watch = watch_new(agent->half);
	gate->refusals = refusals_new();
	gate->rulings = rulings_new();
	gate->judged = g_hash_table_new_full(hash_spki, equal_spki, NULL, judged_free);
	gate->uses = g_hash_table_new_full(g_bytes_hash, g_bytes_equal,
					   (GDestroyNotify)g_bytes_unref, NULL);
	return gate;
}

void gate_free(struct gate *gate)
{
	if (!gate)
		return;
	g_hash_table_unref(gate->judged);
	g_hash_table_unref(gate->uses);
	record_list_clear(&gate->records);
	account_unref(gate->account);
	refusals_free(gate->refusals);
	rulings_free(gate->rulings);
	watch_free(gate->watch);
	g_mutex_clear(&gate->lock);
	g_free(gate);
}

void gate_facts(struct gate *gate, struct gate_facts *facts)
{
	char folder[PATH_BUFFER] = "";
	const struct devid_account *account;

	gate_refresh(gate);
	facts->folder = g_strdup(path_data(gate->agent->half, folder) ? folder : "");
	g_mutex_lock(&gate->lock);
	account = gate->account ? gate->account->account : NULL;
	facts->identities = (guint)gate->records.count;
	facts->skipped = (guint)gate->records.skipped;
	facts->generation = gate->records.generation;
	facts->state = account ? devid_account_state(account) : DEVID_ACCOUNT_UNUSABLE;
	facts->account_folder = g_strdup(account ? devid_account_folder(account) : "");
	facts->problem = g_strdup(account ? devid_account_problem(account) : "no memory");
	facts->on_use = account ? devid_account_on_use(account) : DEVID_ON_USE_ENFORCE;
	facts->signing = account ? (guint)devid_account_signing_count(account) : 0;
	g_mutex_unlock(&gate->lock);
}
