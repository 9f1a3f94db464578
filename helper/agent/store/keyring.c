/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store "keyring": private halves as items of the desktop's Secret Service. */
#include <string.h>
#include "base/error.h"
#include "key-text.h"
#include "keyring-bound.h"
#include "keyring-item.h"
#include "keyring-link.h"
#include "keyring-private.h"
#include "keyring-prompt.h"
#include "keyring.h"
#include "store.h"

struct request {
	const char *spki_hash_hex;
	const char *label;
	const struct secret *written;
	bool *sent;
	struct secret *read;
};

typedef bool (*step_function)(struct keyring_link *link, struct keyring_bound *bound,
			      const struct request *request, GError **error);

/* Runs a request. A daemon or bus that went since the last one is tried once more over a new link,
 * if nobody has been asked anything.
 */
static bool run(enum scope scope, const struct store_wait *wait, const struct request *request,
		step_function step, GError **error)
{
	struct keyring_bound bound;

	if (scope != SCOPE_USER)
		return devid_error_set(error, DEVID_STORE_MISSING, NULL, "use --store file",
				       "keyring: the machine's identities have none");
	keyring_bound_begin(&bound, wait);
	for (int tries = 0;; tries++) {
		g_autoptr(GError) local = NULL;
		g_autoptr(KeyringLink) link =
			keyring_link_get(true, LINK_CONNECTED, &bound, &local);

		if (link && step(link, &bound, request, &local))
			return true;
		if (tries == 0 && link && !bound.prompted && !keyring_link_is_alive(link) &&
		    devid_error_result(local) == DEVID_STORE_MISSING)
			continue;
		g_propagate_error(error, g_steal_pointer(&local));
		return false;
	}
}

/* Finds the item unlocked, unlocking it or the collection that may hold it; none:
 * DEVID_KEY_MISSING. */
static bool find_unlocked(struct keyring_link *link, struct keyring_bound *bound,
			  const struct request *request, struct keyring_items *items,
			  GError **error)
{
	g_autofree char *collection = NULL;
	bool locked = false;

	if (!keyring_items_find(link, bound, request->spki_hash_hex, items, error))
		return false;
	if (items->unlocked[0])
		return true;
	if (items->locked[0]) {
		if (!keyring_unlock(bound, items->locked[0], error))
			return false;
	} else {
		/* Nothing may mean locked: some daemons don't search what is. */
		if (!keyring_collection_default(link, bound, &collection, error) ||
		    (collection &&
		     !keyring_collection_locked(link, bound, collection, &locked, error)))
			return false;
		if (locked && !keyring_unlock(bound, collection, error))
			return false;
	}
	if ((items->locked[0] || locked) &&
	    !keyring_items_find(link, bound, request->spki_hash_hex, items, error))
		return false;
	if (items->unlocked[0])
		return true;
	return devid_error_set(error, items->locked[0] ? DEVID_STORE_LOCKED : DEVID_KEY_MISSING,
			       NULL, NULL,
			       items->locked[0] ? "keyring: it is still locked"
						: "keyring: it does not hold this key");
}

/* Where an item lay when it was read last: asking there first saves the search, which is a third of
 * a read. What lies there now must be what lay there then: places are used again.
 */
struct seen {
	char *path;
	char *digest; /* of what was read */
};

static struct {
	GMutex lock;
	GHashTable *items; /* struct seen by SPKI's hash */
} last_seen;

static void seen_free(void *data)
{
	struct seen *seen = data;

	g_free(seen->path);
	g_free(seen->digest);
	g_free(seen);
}

static char *digest_of(const struct secret *pkcs8)
{
	return g_compute_checksum_for_data(G_CHECKSUM_SHA256, pkcs8->data, pkcs8->length);
}

static void remember(const struct request *request, const char *path)
{
	struct seen *seen = g_new0(struct seen, 1);

	seen->path = g_strdup(path);
	seen->digest = digest_of(request->read);
	g_mutex_lock(&last_seen.lock);
	if (!last_seen.items)
		last_seen.items = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, seen_free);
	g_hash_table_replace(last_seen.items, g_strdup(request->spki_hash_hex), seen);
	g_mutex_unlock(&last_seen.lock);
}

static void forget(const struct request *request)
{
	g_mutex_lock(&last_seen.lock);
	if (last_seen.items)
		g_hash_table_remove(last_seen.items, request->spki_hash_hex);
	g_mutex_unlock(&last_seen.lock);
}

static bool read_where_last_seen(struct keyring_link *link, struct keyring_bound *bound,
				 const struct request *request)
{
	g_autofree char *path = NULL;
	g_autofree char *before = NULL;
	g_autofree char *now = NULL;
	const struct seen *seen;

	g_mutex_lock(&last_seen.lock);
	seen = last_seen.items ? g_hash_table_lookup(last_seen.items, request->spki_hash_hex)
			       : NULL;
	path = seen ? g_strdup(seen->path) : NULL;
	before = seen ? g_strdup(seen->digest) : NULL;
	g_mutex_unlock(&last_seen.lock);
	if (!path || !keyring_item_read(link, bound, path, request->read, NULL))
		return false;
	now = digest_of(request->read);
	return strcmp(now, before) == 0;
}

static bool read_step(struct keyring_link *link, struct keyring_bound *bound,
		      const struct request *request, GError **error)
{
	struct keyring_items items = { NULL, NULL };
	bool read;

	if (read_where_last_seen(link, bound, request))
		return true;
	/* It may be locked, or elsewhere, or gone. */
	read = find_unlocked(link, bound, request, &items, error) &&
	       keyring_item_read(link, bound, items.unlocked[0], request->read, error);
	if (read)
		remember(request, items.unlocked[0]);
	else
		forget(request);
	keyring_items_clear(&items);
	return read;
}

static bool keyring_read(enum scope scope, const char *spki_hash_hex, const struct store_wait *wait,
			 struct secret *pkcs8, GError **error)
{
	struct request request = { .spki_hash_hex = spki_hash_hex, .read = pkcs8 };

	return run(scope, wait, &request, read_step, error);
}

/* The default collection, made and unlocked as needed. */
static bool open_collection(struct keyring_link *link, struct keyring_bound *bound,
			    char **collection, GError **error)
{
	bool locked = false;

	if (!keyring_collection_default(link, bound, collection, error))
		return false;
	if (!*collection)
		return keyring_collection_create(bound, collection, error);
	if (!keyring_collection_locked(link, bound, *collection, &locked, error))
		return false;
	return !locked || keyring_unlock(bound, *collection, error);
}

static bool holds(struct keyring_link *link, struct keyring_bound *bound, const char *path,
		  const struct secret *pkcs8)
{
	AUTO_SECRET struct secret back = SECRET_INIT;

	return keyring_item_read(link, bound, path, &back, NULL) && key_text_equal(&back, pkcs8);
}

/* What was written is what is read; else it goes again. */
static bool verify(struct keyring_link *link, struct keyring_bound *bound, const char *path,
		   const struct secret *pkcs8, GError **error)
{
	AUTO_SECRET struct secret back = SECRET_INIT;

	if (!keyring_item_read(link, bound, path, &back, error))
		return false;
	if (key_text_equal(&back, pkcs8))
		return true;
	keyring_item_delete(link, bound, path, NULL);
	return devid_error_set(error, DEVID_IO, NULL, KEYRING_IO_HINT,
			       "keyring: what was written to it reads back differently");
}

static bool write_step(struct keyring_link *link, struct keyring_bound *bound,
		       const struct request *request, GError **error)
{
	struct keyring_items items = { NULL, NULL };
	g_autofree char *collection = NULL;
	g_autofree char *path = NULL;
	bool there;

	if (!keyring_items_find(link, bound, request->spki_hash_hex, &items, error))
		return false;
	there = items.unlocked[0] && holds(link, bound, items.unlocked[0], request->written);
	if (there)
		keyring_item_label(link, bound, items.unlocked[0], request->label, NULL);
	keyring_items_clear(&items);
	if (there)
		return true;
	/* Nobody is asked for a keyring that secrets can't be passed to. */
	if (!keyring_link_reach(link, LINK_SESSION, bound, error) ||
	    !open_collection(link, bound, &collection, error))
		return false;
	*request->sent = true;
	if (!keyring_item_create(link, bound, collection, request->spki_hash_hex, request->label,
				 request->written, &path, error))
		return false;
	return verify(link, bound, path, request->written, error);
}

static bool keyring_write(enum scope scope, const char *spki_hash_hex, const char *label,
			  const struct secret *pkcs8, const struct store_wait *wait, bool *sent,
			  GError **error)
{
	struct request request = {
		.spki_hash_hex = spki_hash_hex, .label = label, .written = pkcs8, .sent = sent
	};

	forget(&request);
	return run(scope, wait, &request, write_step, error);
}

static bool
for_each_item(struct keyring_link *link, struct keyring_bound *bound, const struct request *request,
	      bool (*each)(struct keyring_link *link, struct keyring_bound *bound, const char *path,
			   const struct request *request, GError **error),
	      GError **error)
{
	struct keyring_items items = { NULL, NULL };
	bool done = true;

	if (!keyring_items_find(link, bound, request->spki_hash_hex, &items, error))
		return false;
	for (size_t i = 0; done && items.locked[i]; i++)
		done = keyring_unlock(bound, items.locked[i], error) &&
		       each(link, bound, items.locked[i], request, error);
	for (size_t i = 0; done && items.unlocked[i]; i++)
		done = each(link, bound, items.unlocked[i], request, error);
	keyring_items_clear(&items);
	return done;
}

static bool remove_item(struct keyring_link *link, struct keyring_bound *bound, const char *path,
			const struct request *request, GError **error)
{
	return keyring_item_delete(link, bound, path, error);
}

static bool remove_step(struct keyring_link *link, struct keyring_bound *bound,
			const struct request *request, GError **error)
{
	return for_each_item(link, bound, request, remove_item, error);
}

static bool keyring_remove(enum scope scope, const char *spki_hash_hex,
			   const struct store_wait *wait, GError **error)
{
	struct request request = { .spki_hash_hex = spki_hash_hex };

	forget(&request);
	return run(scope, wait, &request, remove_step, error);
}

static bool label_item(struct keyring_link *link, struct keyring_bound *bound, const char *path,
		       const struct request *request, GError **error)
{
	return keyring_item_label(link, bound, path, request->label, error);
}

static bool label_step(struct keyring_link *link, struct keyring_bound *bound,
		       const struct request *request, GError **error)
{
	return for_each_item(link, bound, request, label_item, error);
}

static bool keyring_relabel(enum scope scope, const char *spki_hash_hex, const char *label,
			    const struct store_wait *wait, GError **error)
{
	struct request request = { .spki_hash_hex = spki_hash_hex, .label = label };

	return run(scope, wait, &request, label_step, error);
}

static enum store_state look(struct keyring_bound *bound, GError **error)
{
	g_autoptr(KeyringLink) link = keyring_link_get(false, LINK_SESSION, bound, error);
	g_autofree char *collection = NULL;
	bool locked = true;

	if (!link || !keyring_collection_default(link, bound, &collection, error))
		return STORE_MISSING;
	if (collection && !keyring_collection_locked(link, bound, collection, &locked, error))
		return STORE_MISSING;
	if (!locked)
		return STORE_READY;
	devid_error_set(error, DEVID_STORE_LOCKED, NULL, NULL,
			collection
				? "keyring: it is locked"
				: "keyring: none was made yet; its password is asked when needed");
	return STORE_LOCKED;
}

static enum store_state keyring_state(enum scope scope, char **why)
{
	g_autoptr(GError) error = NULL;
	struct keyring_bound bound;
	enum store_state state = STORE_MISSING;

	if (scope != SCOPE_USER) {
		if (why)
			*why = g_strdup("the machine's identities have no keyring");
		return STORE_MISSING;
	}
	keyring_bound_begin(&bound, NULL);
	state = look(&bound, &error);
	if (devid_error_result(error) == DEVID_STORE_LOCKED)
		state = STORE_LOCKED;
	if (why && error)
		*why = g_strdup(error->message);
	return state;
}

static enum devid_protection keyring_protection(enum scope scope)
{
	return DEVID_PROTECTION_USER;
}

const struct store store_keyring = {
	.name = "keyring",
	.title = "the desktop keyring",
	.protection = keyring_protection,
	.state = keyring_state,
	.read = keyring_read,
	.write = keyring_write,
	.remove = keyring_remove,
	.relabel = keyring_relabel,
};

void store_keyring_prepare(void)
{
	keyring_link_prepare();
}
