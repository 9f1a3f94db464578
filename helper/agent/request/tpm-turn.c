/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Turns at the TPM: see tpm-turn.h. */
#include "base/error.h"
#include "tpm-turn.h"

#define LOOK_US	   (200 * G_TIME_SPAN_MILLISECOND)
#define SAVED_MOST (3 * G_TIME_SPAN_SECOND)
#define OWED_MOST  G_TIME_SPAN_SECOND
#define LONG_REST  G_TIME_SPAN_MINUTE
/* No client waits longer without a word; and a request that takes minutes would end the agent. */
#define WAIT_MOST (5 * G_TIME_SPAN_SECOND)

/* Times are of g_get_monotonic_time(); 0: never. */
struct tpm_turn {
	bool taken;
	gint64 saved, counted; /* of the TPM's time, and when; negative: owed */
	gint64 began, long_until;
};

static GMutex lock;
static GCond changed;

/* Of each uid; there are as many as users, and they stay. Under the lock. */
static struct tpm_turn *turn_of(uid_t uid)
{
	static GHashTable *turns;
	struct tpm_turn *turn;

	if (!turns)
		turns = g_hash_table_new(NULL, NULL);
	turn = g_hash_table_lookup(turns, GUINT_TO_POINTER(uid));
	if (!turn) {
		turn = g_new0(struct tpm_turn, 1);
		turn->saved = SAVED_MOST;
		g_hash_table_insert(turns, GUINT_TO_POINTER(uid), turn);
	}
	return turn;
}

/* A second brings half a second. */
static void count(struct tpm_turn *turn)
{
	gint64 now = g_get_monotonic_time();

	turn->saved = MIN(turn->saved + (now - turn->counted) / 2, SAVED_MOST);
	turn->counted = now;
}

static bool wait_for_it(struct tpm_turn *turn, GCancellable *cancel)
{
	gint64 until = g_get_monotonic_time() + WAIT_MOST;

	for (count(turn); turn->taken || turn->saved < 0; count(turn)) {
		gint64 wait = turn->taken ? LOOK_US : MIN(LOOK_US, -2 * turn->saved);

		if (turn->counted >= until || g_cancellable_is_cancelled(cancel))
			return false;
		g_cond_wait_until(&changed, &lock, turn->counted + wait);
	}
	return true;
}

static bool busy(GError **error, const char *why)
{
	return devid_error_set(error, DEVID_STORE_TIMEOUT, "tpm-busy", NULL, "TPM: %s", why);
}

static bool take(struct tpm_turn *turn, bool is_long, GCancellable *cancel, GError **error)
{
	if (!wait_for_it(turn, cancel))
		return busy(error, "its turn did not come in time");
	if (is_long && turn->long_until > g_get_monotonic_time())
		return busy(error, "it makes one RSA key a minute for each user");
	turn->taken = true;
	turn->began = turn->counted;
	if (is_long)
		turn->long_until = turn->began + LONG_REST;
	return true;
}

struct tpm_turn *tpm_turn_begin(uid_t uid, bool is_long, GCancellable *cancel, GError **error)
{
	struct tpm_turn *turn;
	bool taken;

	g_mutex_lock(&lock);
	turn = turn_of(uid);
	taken = take(turn, is_long, cancel, error);
	g_mutex_unlock(&lock);
	return taken ? turn : NULL;
}

void tpm_turn_end(struct tpm_turn *turn)
{
	g_mutex_lock(&lock);
	turn->taken = false;
	count(turn);
	turn->saved = MAX(turn->saved - (turn->counted - turn->began), -OWED_MOST);
	g_cond_broadcast(&changed);
	g_mutex_unlock(&lock);
}
