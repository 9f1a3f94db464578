/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A bucket a uid, which fills at THROTTLE_RATE and may owe: the debt is waited for. */
#include "throttle.h"

#define PERIOD	 (G_USEC_PER_SEC / THROTTLE_RATE) /* microseconds that a request is worth */
#define UIDS_MAX 1024

struct throttle {
	GMutex lock;
	GHashTable *full_at; /* uid -> when its bucket is full again, microseconds */
};

struct throttle *throttle_new(void)
{
	struct throttle *throttle = g_new0(struct throttle, 1);

	g_mutex_init(&throttle->lock);
	throttle->full_at = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	return throttle;
}

void throttle_free(struct throttle *throttle)
{
	g_hash_table_unref(throttle->full_at);
	g_mutex_clear(&throttle->lock);
	g_free(throttle);
}

static gboolean is_full(gpointer uid, gpointer full_at, gpointer now)
{
	return *(gint64 *)full_at <= *(gint64 *)now;
}

gint64 throttle_count(struct throttle *throttle, uid_t uid, gint64 now)
{
	gint64 *full_at, owed;

	g_mutex_lock(&throttle->lock);
	full_at = g_hash_table_lookup(throttle->full_at, GUINT_TO_POINTER(uid));
	if (!full_at) {
		if (g_hash_table_size(throttle->full_at) >= UIDS_MAX)
			g_hash_table_foreach_remove(throttle->full_at, is_full, &now);
		full_at = g_new0(gint64, 1);
		g_hash_table_insert(throttle->full_at, GUINT_TO_POINTER(uid), full_at);
	}
	*full_at = MAX(*full_at, now) + PERIOD;
	owed = *full_at - now - (gint64)THROTTLE_BURST * PERIOD;
	g_mutex_unlock(&throttle->lock);
	return MAX(owed, 0);
}

void throttle_wait(struct throttle *throttle, uid_t uid)
{
	gint64 microseconds = throttle_count(throttle, uid, g_get_monotonic_time());

	if (microseconds > 0)
		g_usleep((gulong)microseconds);
}
