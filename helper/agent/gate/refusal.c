/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The memory of refusals: the same answer for 30 s to the same client, so that OpenVPN, which tries
 * again every second, brings up one prompt, one event and one notification.
 */
#include <string.h>
#include "base/error.h"
#include "peer.h"
#include "refusal.h"

/* More clients than this are not refused in 30 s; if they are, the oldest memory goes, of one
 * user's many programs that user's own.
 */
#define REFUSALS_MAX   256
#define REFUSALS_A_UID 32

struct refusal {
	uid_t uid;
	char *program;
	guint8 spki_hash[WIRE_SPKI_HASH];
	guint64 epoch;
	gint64 until;
	bool binding;
	GError *error;
};

struct refusals {
	GMutex lock;
	GQueue list; /* oldest first */
	guint count; /* atomic: a look without the lock */
};

static void refusal_free(void *data)
{
	struct refusal *refusal = data;

	g_free(refusal->program);
	g_clear_error(&refusal->error);
	g_free(refusal);
}

struct refusals *refusals_new(void)
{
	struct refusals *refusals = g_new0(struct refusals, 1);

	g_mutex_init(&refusals->lock);
	g_queue_init(&refusals->list);
	return refusals;
}

void refusals_free(struct refusals *refusals)
{
	if (!refusals)
		return;
	g_queue_clear_full(&refusals->list, refusal_free);
	g_mutex_clear(&refusals->lock);
	g_free(refusals);
}

/* With the lock held. */
static void expire(struct refusals *refusals, gint64 now)
{
	struct refusal *oldest;

	while ((oldest = g_queue_peek_head(&refusals->list)) &&
	       (oldest->until <= now || refusals->list.length > REFUSALS_MAX))
		refusal_free(g_queue_pop_head(&refusals->list));
	g_atomic_int_set(&refusals->count, refusals->list.length);
}

static GList *find(struct refusals *refusals, const struct peer *peer, const guint8 *spki_hash)
{
	for (GList *link = refusals->list.head; link; link = link->next) {
		const struct refusal *refusal = link->data;

		if (refusal->uid == peer->uid && strcmp(refusal->program, peer->program) == 0 &&
		    memcmp(refusal->spki_hash, spki_hash, WIRE_SPKI_HASH) == 0)
			return link;
	}
	return NULL;
}

/* With the lock held: makes room for one more of this user's. */
static void forget_oldest_of(struct refusals *refusals, uid_t uid)
{
	GList *oldest = NULL;
	guint count = 0;

	for (GList *link = refusals->list.tail; link; link = link->prev)
		if (((struct refusal *)link->data)->uid == uid) {
			oldest = link;
			count++;
		}
	if (count < REFUSALS_A_UID)
		return;
	refusal_free(oldest->data);
	g_queue_delete_link(&refusals->list, oldest);
}

GError *refusals_find(struct refusals *refusals, struct peer *peer, const guint8 *spki_hash,
		      guint64 epoch)
{
	GError *answer = NULL;
	GList *link;

	if (g_atomic_int_get(&refusals->count) == 0)
		return NULL;
	peer_look(peer);
	g_mutex_lock(&refusals->lock);
	expire(refusals, g_get_monotonic_time());
	link = find(refusals, peer, spki_hash);
	if (link) {
		const struct refusal *refusal = link->data;

		if (refusal->epoch && refusal->epoch != epoch) {
			g_queue_delete_link(&refusals->list, link);
			refusal_free((void *)refusal);
			g_atomic_int_set(&refusals->count, refusals->list.length);
		} else if (refusal->binding) {
			answer = g_error_copy(refusal->error);
		}
	}
	g_mutex_unlock(&refusals->lock);
	return answer;
}

bool refusals_add(struct refusals *refusals, const struct peer *peer, const guint8 *spki_hash,
		  guint64 epoch, bool binding, const GError *error)
{
	gint64 now = g_get_monotonic_time();
	bool news;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&refusals->lock);

	expire(refusals, now);

	GList *link = find(refusals, peer, spki_hash);

	/* News too where it is refused for another cause than before. */
	news = !link ||
	       !g_error_matches(((struct refusal *)link->data)->error, error->domain, error->code);
	/* What was only told keeps its end: it is told again every 30 s while it lasts. */
	if (news || binding) {
		struct refusal *refusal = g_new0(struct refusal, 1);

		if (link) {
			refusal_free(link->data);
			g_queue_delete_link(&refusals->list, link);
		}
		forget_oldest_of(refusals, peer->uid);
		refusal->uid = peer->uid;
		refusal->program = g_strdup(peer->program);
		memcpy(refusal->spki_hash, spki_hash, WIRE_SPKI_HASH);
		refusal->epoch = epoch;
		refusal->until = now + REFUSAL_SECONDS * G_USEC_PER_SEC;
		refusal->binding = binding;
		refusal->error = g_error_copy(error);
		g_queue_push_tail(&refusals->list, refusal);
		g_atomic_int_set(&refusals->count, refusals->list.length);
	}
	return news;
}

guint refusals_drop_all(struct refusals *refusals)
{
	guint dropped;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&refusals->lock);

	expire(refusals, g_get_monotonic_time());
	dropped = refusals->list.length;
	g_queue_clear_full(&refusals->list, refusal_free);
	g_atomic_int_set(&refusals->count, 0);
	return dropped;
}

void refusals_drop_store(struct refusals *refusals)
{
	static const enum devid_result causes[] = { DEVID_STORE_LOCKED, DEVID_STORE_DISMISSED,
						    DEVID_STORE_TIMEOUT, DEVID_STORE_MISSING };
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&refusals->lock);

	for (GList *link = refusals->list.head, *next; link; link = next) {
		struct refusal *refusal = link->data;

		next = link->next;
		for (gsize i = 0; i < G_N_ELEMENTS(causes); i++) {
			if (devid_error_result(refusal->error) != causes[i])
				continue;
			g_queue_delete_link(&refusals->list, link);
			refusal_free(refusal);
			break;
		}
	}
	g_atomic_int_set(&refusals->count, refusals->list.length);
}
