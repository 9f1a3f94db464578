/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opened keys, while the agent lives. A key that is being read has an entry already, on which all
 * others who want it wait; what they wait for may be a person, so they tell their clients too.
 */
#include <string.h>
#include "agent/key/key.h"
#include "agent/store/store.h"
#include "base/error.h"
#include "half.h"
#include "keycache.h"
#include "subject.h"

/* So that the private numbers of all of them have room in libcrypto's locked heap
 * (agent/server/harden.c). */
#define KEYS_MAX 256

struct entry {
	guint8 spki_hash[WIRE_SPKI_HASH];
	const struct store *store;
	struct key *key; /* NULL: being read */
	bool doomed;	 /* out of the table */
	bool prompting;
	guint references; /* the table's, the reader's, one for each who waits */
	GError *error;
	guint64 used;
};

struct keycache {
	enum scope scope;
	GMutex lock;
	GCond changed;
	GHashTable *entries; /* by spki_hash */
	guint64 clock;
};

/* With the lock held. */
static void entry_unref(struct entry *entry)
{
	if (--entry->references > 0)
		return;
	key_unref(entry->key);
	g_clear_error(&entry->error);
	g_free(entry);
}

struct keycache *keycache_new(enum scope scope)
{
	struct keycache *cache = g_new0(struct keycache, 1);

	cache->scope = scope;
	g_mutex_init(&cache->lock);
	g_cond_init(&cache->changed);
	cache->entries = g_hash_table_new(subject_key_hash, subject_key_equal);
	return cache;
}

void keycache_free(struct keycache *cache)
{
	if (!cache)
		return;
	keycache_drop_all(cache);
	g_hash_table_unref(cache->entries);
	g_cond_clear(&cache->changed);
	g_mutex_clear(&cache->lock);
	g_free(cache);
}

/* With the lock held, for an entry that the table has let go; its reader won't put it back. */
static void entry_doom(struct entry *entry)
{
	entry->doomed = true;
	entry_unref(entry);
}

static guint drop_where(struct keycache *cache,
			bool (*goes)(const struct entry *entry, const void *data), const void *data)
{
	GHashTableIter iterator;
	gpointer entry;
	guint dropped = 0;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&cache->lock);

	g_hash_table_iter_init(&iterator, cache->entries);
	while (g_hash_table_iter_next(&iterator, NULL, &entry)) {
		if (!goes(entry, data))
			continue;
		g_hash_table_iter_remove(&iterator);
		entry_doom(entry);
		dropped++;
	}
	return dropped;
}

static bool goes_always(const struct entry *entry, const void *data)
{
	return true;
}

static bool goes_by_store(const struct entry *entry, const void *data)
{
	return entry->store == data;
}

static bool goes_by_hash(const struct entry *entry, const void *data)
{
	return subject_key_equal(entry->spki_hash, data);
}

struct retain {
	bool (*keep)(const guint8 *spki_hash, void *data);
	void *data;
};

static bool goes_unless_kept(const struct entry *entry, const void *data)
{
	const struct retain *retain = data;

	return !retain->keep(entry->spki_hash, retain->data);
}

guint keycache_drop_all(struct keycache *cache)
{
	return drop_where(cache, goes_always, NULL);
}

guint keycache_drop_store(struct keycache *cache, const struct store *store)
{
	return drop_where(cache, goes_by_store, store);
}

guint keycache_drop(struct keycache *cache, const guint8 *spki_hash)
{
	return drop_where(cache, goes_by_hash, spki_hash);
}

guint keycache_retain(struct keycache *cache, bool (*keep)(const guint8 *spki_hash, void *data),
		      void *data)
{
	struct retain retain = { keep, data };

	return drop_where(cache, goes_unless_kept, &retain);
}

guint keycache_count(struct keycache *cache)
{
	GHashTableIter iterator;
	gpointer entry;
	guint count = 0;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&cache->lock);

	g_hash_table_iter_init(&iterator, cache->entries);
	while (g_hash_table_iter_next(&iterator, NULL, &entry))
		count += ((struct entry *)entry)->key != NULL;
	return count;
}

/* With the lock held. */
static struct key *take(struct keycache *cache, struct entry *entry)
{
	entry->used = ++cache->clock;
	return key_ref(entry->key);
}

struct key *keycache_peek(struct keycache *cache, const guint8 *spki_hash)
{
	struct key *key = NULL;
	struct entry *entry;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&cache->lock);

	entry = g_hash_table_lookup(cache->entries, spki_hash);
	if (entry && entry->key)
		key = take(cache, entry);
	return key;
}

/* With the lock held: makes room by the key that was used longest ago. */
static void evict(struct keycache *cache)
{
	GHashTableIter iterator;
	struct entry *oldest = NULL;
	gpointer entry;

	if (g_hash_table_size(cache->entries) < KEYS_MAX)
		return;
	g_hash_table_iter_init(&iterator, cache->entries);
	while (g_hash_table_iter_next(&iterator, NULL, &entry))
		if (((struct entry *)entry)->key &&
		    (!oldest || ((struct entry *)entry)->used < oldest->used))
			oldest = entry;
	if (oldest) {
		g_hash_table_remove(cache->entries, oldest->spki_hash);
		entry_doom(oldest);
	}
}

struct reading {
	struct keycache *cache;
	struct entry *entry;
	const struct store_wait *wait; /* of the client whose thread reads */
};

/* The store opened a prompt: everybody who waits for this key is told. */
static void reading_progress(void *data)
{
	struct reading *reading = data;

	g_mutex_lock(&reading->cache->lock);
	reading->entry->prompting = true;
	g_cond_broadcast(&reading->cache->changed);
	g_mutex_unlock(&reading->cache->lock);
	if (reading->wait->progress)
		reading->wait->progress(reading->wait->data);
}

static struct key *read_key(struct reading *reading, const struct subject *subject, GError **error)
{
	struct store_wait wait = { .progress = reading_progress,
				   .data = reading,
				   .cancel = reading->wait->cancel };
	g_autoptr(key_reference) key = NULL;
	gsize length = 0;
	const guint8 *spki = g_bytes_get_data(subject->spki, &length);

	key = half_open(subject->store, reading->cache->scope, subject->spki_hash_hex, &wait,
			error);
	if (!key)
		return NULL;
	if (!key_is_for(key, spki, length))
		return devid_error_null(error, DEVID_MISMATCH, NULL, NULL,
					"%s: the key in %s is not that of the certificate",
					subject->label, subject->store->title);
	return g_steal_pointer(&key);
}

static struct key *get_as_reader(struct keycache *cache, const struct subject *subject,
				 const struct store_wait *wait, GError **error)
{
	struct entry *entry = g_new0(struct entry, 1);
	struct reading reading = { cache, entry, wait };
	struct key *key;
	GError *failure = NULL;

	evict(cache);
	memcpy(entry->spki_hash, subject->spki_hash, WIRE_SPKI_HASH);
	entry->store = subject->store;
	entry->references = 2;
	g_hash_table_insert(cache->entries, entry->spki_hash, entry);
	g_mutex_unlock(&cache->lock);
	key = read_key(&reading, subject, &failure);
	g_mutex_lock(&cache->lock);
	if (key) {
		entry->key = key_ref(key);
		entry->used = ++cache->clock;
	} else if (!(wait->cancel && g_cancellable_is_cancelled(wait->cancel))) {
		/* If only this client went away, one of those who wait reads instead. */
		entry->error = g_error_copy(failure);
	}
	if (!key && !entry->doomed) {
		g_hash_table_remove(cache->entries, entry->spki_hash);
		entry_doom(entry);
	}
	entry_unref(entry);
	g_cond_broadcast(&cache->changed);
	if (failure)
		g_propagate_error(error, failure);
	return key;
}

static void wake(GCancellable *cancel, gpointer data)
{
	struct keycache *cache = data;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&cache->lock);

	g_cond_broadcast(&cache->changed);
}

/* With the lock held: until the reader of `entry` is done. false: this client is not to be answered
 * any more, or is to have the reader's error.
 */
static bool wait_for_reader(struct keycache *cache, struct entry *entry,
			    const struct store_wait *wait, GError **error)
{
	bool told = false, go_on = true;

	entry->references++;
	while (!entry->key && !entry->doomed && go_on) {
		if (wait->cancel && g_cancellable_is_cancelled(wait->cancel)) {
			devid_error_set(error, DEVID_TIMEOUT, NULL, NULL,
					"private key: the client went away or waited too long");
			go_on = false;
		} else if (entry->prompting && !told) {
			told = true;
			g_mutex_unlock(&cache->lock);
			if (wait->progress)
				wait->progress(wait->data);
			g_mutex_lock(&cache->lock);
		} else {
			g_cond_wait(&cache->changed, &cache->lock);
		}
	}
	if (go_on && entry->error) {
		go_on = false;
		if (error)
			*error = g_error_copy(entry->error);
	}
	entry_unref(entry);
	return go_on;
}

struct key *keycache_get(struct keycache *cache, const struct subject *subject,
			 const struct store_wait *wait, GError **error)
{
	struct key *key = NULL;
	gulong connected = 0;
	bool go_on = true;

	if (!subject->store)
		return devid_error_null(error, DEVID_KEY_MISSING, NULL, NULL,
					"%s: there is no private key to this certificate",
					subject->label);
	if (wait->cancel)
		connected = g_cancellable_connect(wait->cancel, G_CALLBACK(wake), cache, NULL);
	g_mutex_lock(&cache->lock);
	while (!key && go_on) {
		struct entry *entry = g_hash_table_lookup(cache->entries, subject->spki_hash);

		if (!entry) {
			key = get_as_reader(cache, subject, wait, error);
			go_on = false;
		} else if (entry->key) {
			key = take(cache, entry);
		} else {
			go_on = wait_for_reader(cache, entry, wait, error);
		}
	}
	g_mutex_unlock(&cache->lock);
	if (connected)
		g_cancellable_disconnect(wait->cancel, connected);
	return key;
}
