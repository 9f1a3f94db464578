/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stores in memory that fail, prompt and wait as a test wants it. */
#include "agent/store/keyring-watch.h"
#include "agent/store/keyring.h"
#include "agent/store/store.h"
#include "base/error.h"
#include "stub-store.h"

struct stub stub;

void stub_reset(void)
{
	g_mutex_lock(&stub.lock);
	if (stub.keys)
		g_hash_table_unref(stub.keys);
	stub.keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					  (GDestroyNotify)g_bytes_unref);
	stub.reads = stub.prompts = stub.cancelled = 0;
	stub.fail = DEVID_OK;
	stub.prompt = stub.block = stub.reading = false;
	g_mutex_unlock(&stub.lock);
}

void stub_await_reader(void)
{
	g_mutex_lock(&stub.lock);
	while (!stub.reading)
		g_cond_wait(&stub.changed, &stub.lock);
	g_mutex_unlock(&stub.lock);
}

void stub_release(void)
{
	g_mutex_lock(&stub.lock);
	stub.block = false;
	g_cond_broadcast(&stub.changed);
	g_mutex_unlock(&stub.lock);
}

static void wake(GCancellable *cancel, gpointer data)
{
	g_mutex_lock(&stub.lock);
	g_cond_broadcast(&stub.changed);
	g_mutex_unlock(&stub.lock);
}

/* Answers whether the client stayed. */
static bool wait_while_blocked(GCancellable *cancel)
{
	gulong connected = cancel ? g_cancellable_connect(cancel, G_CALLBACK(wake), NULL, NULL) : 0;
	bool stayed;

	g_mutex_lock(&stub.lock);
	stub.reading = true;
	g_cond_broadcast(&stub.changed);
	while (stub.block && !(cancel && g_cancellable_is_cancelled(cancel)))
		g_cond_wait(&stub.changed, &stub.lock);
	stub.reading = false;
	stayed = !(cancel && g_cancellable_is_cancelled(cancel));
	stub.cancelled += !stayed;
	g_mutex_unlock(&stub.lock);
	if (connected)
		g_cancellable_disconnect(cancel, connected);
	return stayed;
}

static bool stub_read(enum scope scope, const char *spki_hash_hex, const struct store_wait *wait,
		      struct secret *pkcs8, GError **error)
{
	g_autoptr(GBytes) bytes = NULL;
	enum devid_result fail;
	bool prompt, block;

	g_mutex_lock(&stub.lock);
	stub.reads++;
	fail = stub.fail;
	prompt = stub.prompt;
	block = stub.block;
	stub.prompts += prompt;
	bytes = g_hash_table_lookup(stub.keys, spki_hash_hex);
	if (bytes)
		g_bytes_ref(bytes);
	g_mutex_unlock(&stub.lock);
	if (prompt && wait->progress)
		wait->progress(wait->data);
	if (block && !wait_while_blocked(wait->cancel))
		fail = DEVID_STORE_TIMEOUT;
	if (!bytes && fail == DEVID_OK)
		fail = DEVID_KEY_MISSING;
	if (fail != DEVID_OK) {
		devid_error_set(error, fail, NULL, NULL, "stub: it was told to fail");
		return false;
	}
	return secret_allocate(pkcs8, g_bytes_get_size(bytes)) == DEVID_OK &&
	       secret_append(pkcs8, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)) ==
		       DEVID_OK;
}

static bool stub_write(enum scope scope, const char *spki_hash_hex, const char *label,
		       const struct secret *pkcs8, const struct store_wait *wait, bool *sent,
		       GError **error)
{
	*sent = true;
	g_mutex_lock(&stub.lock);
	g_hash_table_insert(stub.keys, g_strdup(spki_hash_hex),
			    g_bytes_new(pkcs8->data, pkcs8->length));
	g_mutex_unlock(&stub.lock);
	return true;
}

static bool stub_remove(enum scope scope, const char *spki_hash_hex, const struct store_wait *wait,
			GError **error)
{
	g_mutex_lock(&stub.lock);
	g_hash_table_remove(stub.keys, spki_hash_hex);
	g_mutex_unlock(&stub.lock);
	return true;
}

static enum store_state stub_state(enum scope scope, char **why)
{
	return STORE_READY;
}

static enum devid_protection stub_protection(enum scope scope)
{
	return scope == SCOPE_SYSTEM ? DEVID_PROTECTION_ROOT : DEVID_PROTECTION_USER;
}

static const struct store stores[] = {
	{ "keyring", "the stub keyring", stub_protection, stub_state, stub_read, stub_write,
	  stub_remove, NULL },
	{ "file", "the stub file", stub_protection, stub_state, stub_read, stub_write, stub_remove,
	  NULL },
};

const struct store *store_table(size_t *count)
{
	*count = G_N_ELEMENTS(stores);
	return stores;
}

const struct store *store_find(const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(stores); i++)
		if (g_str_equal(stores[i].name, name))
			return &stores[i];
	return NULL;
}

void store_keyring_prepare(void)
{
}

void store_keyring_watch(void (*told)(enum keyring_news news, void *data), void *data)
{
	stub.told = told;
	stub.told_data = data;
}
