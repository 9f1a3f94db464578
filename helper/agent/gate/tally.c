/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counting uses together: see tally.h. The caller locks. */
#include <string.h>
#include "tally.h"

/* Users in one minute that are told apart; all others are one. */
#define USERS_MAX 1024

struct share {
	gint64 until;
	guint told, fresh; /* one by one: of any kind, and beyond those the first of a kind */
	GHashTable *known; /* kinds that were told one by one */
	GHashTable *items; /* kind as text: struct tally_item */
};

struct tally {
	GHashTable *shares; /* user: struct share */
	GDestroyNotify item_free;
	guint counted; /* items in all shares */
};

static void share_free(void *data)
{
	struct share *share = data;

	g_hash_table_unref(share->known);
	g_hash_table_unref(share->items);
	g_free(share);
}

struct tally *tally_new(GDestroyNotify item_free)
{
	struct tally *tally = g_new0(struct tally, 1);

	tally->shares = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, share_free);
	tally->item_free = item_free;
	return tally;
}

void tally_free(struct tally *tally)
{
	struct tally_item *item;

	while ((item = tally_take(tally, G_MAXINT64))) {
		tally->item_free(item->item);
		g_free(item);
	}
	g_hash_table_unref(tally->shares);
	g_free(tally);
}

static gboolean is_over(void *user, void *value, void *now)
{
	const struct share *share = value;

	return share->until <= *(gint64 *)now && g_hash_table_size(share->items) == 0;
}

/* Whoever has a range of numbers for name spaces is one user all the same. */
static const char *name_of(struct tally *tally, const char *user, gint64 now)
{
	if (user[strspn(user, "0123456789")] == '\0')
		return "";
	if (g_hash_table_size(tally->shares) >= USERS_MAX)
		g_hash_table_foreach_remove(tally->shares, is_over, &now);
	return g_hash_table_size(tally->shares) < USERS_MAX ||
			       g_hash_table_contains(tally->shares, user)
		       ? user
		       : "";
}

static struct share *share_of(struct tally *tally, const char *user, gint64 now)
{
	const char *name = name_of(tally, user, now);
	struct share *share = g_hash_table_lookup(tally->shares, name);

	if (!share) {
		share = g_new0(struct share, 1);
		share->known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
		share->items = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
		g_hash_table_insert(tally->shares, g_strdup(name), share);
	}
	/* What was counted is taken first, or the next minute would be told with it. */
	if (share->until <= now && g_hash_table_size(share->items) == 0) {
		share->until = now + TALLY_SECONDS * G_USEC_PER_SEC;
		share->told = share->fresh = 0;
		g_hash_table_remove_all(share->known);
	}
	return share;
}

/* What did not happen in this minute yet is not kept until its end: it may be what somebody looks
 * for. */
static bool is_told(struct share *share, const char *key)
{
	bool fresh = !g_hash_table_contains(share->known, key);

	if (share->told < TALLY_SINGLE)
		share->told++;
	else if (fresh && share->fresh < TALLY_KINDS)
		share->fresh++;
	else
		return false;
	g_hash_table_add(share->known, g_strdup(key));
	return true;
}

bool tally_add(struct tally *tally, const struct tally_kind *kind, void *item, gint64 now)
{
	struct share *share = share_of(tally, kind->user, now);
	g_autofree char *key = NULL;
	struct tally_item *counted;
	bool others;

	key = g_strdup_printf("%s\n%s", kind->outcome, kind->program);
	if (is_told(share, key))
		return true;
	others = !g_hash_table_contains(share->items, key) &&
		 g_hash_table_size(share->items) >= TALLY_KINDS;
	if (others) {
		g_free(key);
		key = g_strdup_printf("%s\n" TALLY_OTHERS, kind->outcome);
	}
	counted = g_hash_table_lookup(share->items, key);
	if (counted) {
		tally->item_free(item);
	} else {
		counted = g_new0(struct tally_item, 1);
		counted->item = item;
		counted->others = others;
		counted->first = time(NULL);
		g_hash_table_insert(share->items, g_steal_pointer(&key), counted);
		tally->counted++;
	}
	counted->last = time(NULL);
	counted->count++;
	return false;
}

struct tally_item *tally_take(struct tally *tally, gint64 now)
{
	GHashTableIter shares, items;
	struct share *share;
	void *item;

	if (tally->counted == 0)
		return NULL;
	g_hash_table_iter_init(&shares, tally->shares);
	while (g_hash_table_iter_next(&shares, NULL, (void **)&share)) {
		if (share->until > now)
			continue;
		g_hash_table_iter_init(&items, share->items);
		if (g_hash_table_iter_next(&items, NULL, &item)) {
			g_hash_table_iter_remove(&items);
			tally->counted--;
			return item;
		}
	}
	return NULL;
}

gint64 tally_due(struct tally *tally)
{
	GHashTableIter shares;
	struct share *share;
	gint64 due = G_MAXINT64;

	if (tally->counted == 0)
		return due;
	g_hash_table_iter_init(&shares, tally->shares);
	while (g_hash_table_iter_next(&shares, NULL, (void **)&share))
		if (g_hash_table_size(share->items) > 0)
			due = MIN(due, share->until);
	return due;
}
