/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opened keys: read once however many ask, handed out while they are dropped, waited for no longer
 * than their client stays.
 */
#include <string.h>
#include "agent/identity/keycache.h"
#include "agent/identity/subject.h"
#include "agent/key/key.h"
#include "agent/store/store.h"
#include "base/error.h"
#include "tests/helper/agent/stub-store.h"
#include "tests/helper/agent/support.h"

static struct made made[2];
static struct subject *subjects[2];
static struct keycache *cache;

static struct subject *subject_of(struct made *of, const char *pki_name, const char *store)
{
	struct subject *subject = g_new0(struct subject, 1);

	g_atomic_ref_count_init(&subject->references);
	memcpy(subject->spki_hash, of->hash, WIRE_SPKI_HASH);
	memcpy(subject->spki_hash_hex, of->hash_hex, sizeof(of->hash_hex));
	subject->label = g_strdup(pki_name);
	subject->store = store_find(store);
	subject->spki = pki_spki(pki_name);
	return subject;
}

static int begin(void **state)
{
	if (place_make(state) != 0)
		return -1;
	stub_reset();
	identity_make("one", "p256", "file", &made[0]);
	identity_make("two", "rsa2048", "keyring", &made[1]);
	subjects[0] = subject_of(&made[0], "p256", "file");
	subjects[1] = subject_of(&made[1], "rsa2048", "keyring");
	cache = keycache_new(SCOPE_USER);
	return 0;
}

static int end(void **state)
{
	keycache_free(cache);
	subject_unref(subjects[0]);
	subject_unref(subjects[1]);
	return place_remove(state);
}

struct client {
	GThread *thread;
	GCancellable *cancel;
	struct subject *subject;
	guint told;
	struct key *handle;
	GError *error;
};

static void count_progress(void *data)
{
	g_atomic_int_inc(&((struct client *)data)->told);
}

static gpointer get(gpointer data)
{
	struct client *client = data;
	struct store_wait wait = { .progress = count_progress,
				   .data = client,
				   .cancel = client->cancel };

	client->handle = keycache_get(cache, client->subject, &wait, &client->error);
	return NULL;
}

static void client_start(struct client *client, struct subject *subject)
{
	memset(client, 0, sizeof(*client));
	client->cancel = g_cancellable_new();
	client->subject = subject;
	client->thread = g_thread_new("client", get, client);
}

static void client_join(struct client *client)
{
	g_thread_join(client->thread);
	g_object_unref(client->cancel);
}

static void client_clear(struct client *client)
{
	key_unref(client->handle);
	g_clear_error(&client->error);
}

static struct key *get_now(struct subject *subject)
{
	struct store_wait wait = { 0 };

	return keycache_get(cache, subject, &wait, NULL);
}

static void test_cached(void **state)
{
	struct key *first = get_now(subjects[0]), *second = get_now(subjects[0]);

	assert_non_null(first);
	assert_ptr_equal(first, second);
	assert_int_equal(stub.reads, 1);
	key_unref(first);
	key_unref(second);
	second = keycache_peek(cache, made[0].hash);
	assert_ptr_equal(first, second);
	key_unref(second);
	assert_null(keycache_peek(cache, made[1].hash));
}

static void test_read_once(void **state)
{
	struct client clients[16];

	stub.block = true;
	stub.prompt = true;
	for (gsize i = 0; i < G_N_ELEMENTS(clients); i++)
		client_start(&clients[i], subjects[0]);
	stub_await_reader();
	/* Each of them hears of the prompt that one of them opened. */
	for (gsize i = 0; i < G_N_ELEMENTS(clients); i++)
		while (g_atomic_int_get(&clients[i].told) == 0)
			g_thread_yield();
	stub_release();
	for (gsize i = 0; i < G_N_ELEMENTS(clients); i++) {
		client_join(&clients[i]);
		assert_non_null(clients[i].handle);
		assert_int_equal(clients[i].told, 1);
		client_clear(&clients[i]);
	}
	assert_int_equal(stub.reads, 1);
	assert_int_equal(stub.prompts, 1);
}

/* One prompt is dismissed, and all who waited for it are answered so. */
static void test_failure_is_shared(void **state)
{
	struct client clients[8];

	stub.block = true;
	stub.prompt = true;
	stub.fail = DEVID_STORE_DISMISSED;
	for (gsize i = 0; i < G_N_ELEMENTS(clients); i++)
		client_start(&clients[i], subjects[0]);
	stub_await_reader();
	for (gsize i = 0; i < G_N_ELEMENTS(clients); i++)
		while (g_atomic_int_get(&clients[i].told) == 0)
			g_thread_yield();
	stub_release();
	for (gsize i = 0; i < G_N_ELEMENTS(clients); i++) {
		client_join(&clients[i]);
		assert_null(clients[i].handle);
		assert_true(g_error_matches(clients[i].error, DEVID_ERROR, DEVID_STORE_DISMISSED));
		client_clear(&clients[i]);
	}
	assert_int_equal(stub.reads, 1);
	assert_int_equal(keycache_count(cache), 0);
}

/* The client that reads goes away: one of those who wait reads in its place. */
static void test_reader_goes(void **state)
{
	struct client reader, waiter;

	stub.block = true;
	stub.prompt = true;
	client_start(&reader, subjects[0]);
	stub_await_reader();
	client_start(&waiter, subjects[0]);
	while (g_atomic_int_get(&waiter.told) == 0)
		g_thread_yield();
	g_cancellable_cancel(reader.cancel);
	client_join(&reader);
	assert_null(reader.handle);
	stub_release();
	client_join(&waiter);
	assert_non_null(waiter.handle);
	assert_int_equal(stub.reads, 2);
	client_clear(&reader);
	client_clear(&waiter);
}

/* The one that waits goes away: the reader is not disturbed. */
static void test_waiter_goes(void **state)
{
	struct client reader, waiter;

	stub.block = true;
	stub.prompt = true;
	client_start(&reader, subjects[0]);
	stub_await_reader();
	client_start(&waiter, subjects[0]);
	while (g_atomic_int_get(&waiter.told) == 0)
		g_thread_yield();
	g_cancellable_cancel(waiter.cancel);
	client_join(&waiter);
	assert_null(waiter.handle);
	assert_true(g_error_matches(waiter.error, DEVID_ERROR, DEVID_TIMEOUT));
	stub_release();
	client_join(&reader);
	assert_non_null(reader.handle);
	assert_int_equal(keycache_count(cache), 1);
	client_clear(&reader);
	client_clear(&waiter);
}

/* A client that had gone before it asked. */
static void test_gone_before(void **state)
{
	GCancellable *cancel = g_cancellable_new();
	struct store_wait wait = { .cancel = cancel };
	GError *error = NULL;

	g_cancellable_cancel(cancel);
	stub.block = true;
	assert_null(keycache_get(cache, subjects[0], &wait, &error));
	assert_non_null(error);
	g_clear_error(&error);
	g_object_unref(cancel);
	assert_int_equal(keycache_count(cache), 0);
}

/* Dropped while it is read: handed to who asked, and not kept. */
static void test_dropped_while_reading(void **state)
{
	struct client reader;

	stub.block = true;
	client_start(&reader, subjects[0]);
	stub_await_reader();
	assert_int_equal(keycache_drop_all(cache), 1);
	stub_release();
	client_join(&reader);
	assert_non_null(reader.handle);
	assert_int_equal(keycache_count(cache), 0);
	client_clear(&reader);
}

/* Those who come after the drop read anew, and the old reader doesn't disturb what they have. */
static void test_dropped_and_read_again(void **state)
{
	struct client first, second;
	struct key *kept;

	stub.block = true;
	client_start(&first, subjects[0]);
	stub_await_reader();
	keycache_drop(cache, made[0].hash);
	stub.fail = DEVID_OK;
	client_start(&second, subjects[0]);
	while (stub.reads < 2)
		g_thread_yield();
	stub_release();
	client_join(&first);
	client_join(&second);
	assert_non_null(first.handle);
	assert_non_null(second.handle);
	kept = keycache_peek(cache, made[0].hash);
	assert_ptr_equal(kept, second.handle);
	key_unref(kept);
	client_clear(&first);
	client_clear(&second);
}

static void test_used_after_drop(void **state)
{
	struct key *handle = get_now(subjects[0]);
	struct key_scheme scheme = { SCHEME_ECDSA, DIGEST_SHA256, 0, 0, 0 };
	guint8 signature[KEY_SIGNATURE_MAX];
	gsize length = 0;

	keycache_drop_all(cache);
	assert_true(key_sign(handle, &scheme, (const guint8 *)"x", 1, signature, &length, NULL));
	key_unref(handle);
}

static bool keep_one(const guint8 *spki_hash, void *data)
{
	return memcmp(spki_hash, data, WIRE_SPKI_HASH) == 0;
}

static void test_drops(void **state)
{
	for (int round = 0; round < 3; round++) {
		key_unref(get_now(subjects[0]));
		key_unref(get_now(subjects[1]));
		assert_int_equal(keycache_count(cache), 2);
		if (round == 0)
			assert_int_equal(keycache_drop_store(cache, store_find("keyring")), 1);
		else if (round == 1)
			assert_int_equal(keycache_drop(cache, made[1].hash), 1);
		else
			assert_int_equal(keycache_retain(cache, keep_one, made[0].hash), 1);
		assert_null(keycache_peek(cache, made[1].hash));
		assert_int_equal(keycache_count(cache), 1);
	}
	assert_int_equal(keycache_drop_all(cache), 1);
	assert_int_equal(keycache_drop_all(cache), 0);
	assert_int_equal(keycache_drop(cache, made[1].hash), 0);
}

/* More keys than are kept: the one used longest ago goes, nothing else breaks. */
static void test_eviction(void **state)
{
	struct subject *many[300];

	for (gsize i = 0; i < G_N_ELEMENTS(many); i++) {
		many[i] = subject_of(&made[0], "p256", "file");
		many[i]->spki_hash[0] = (guint8)i;
		many[i]->spki_hash[1] = (guint8)(i >> 8);
		key_unref(get_now(many[i]));
	}
	assert_true(keycache_count(cache) <= 256);
	assert_true(keycache_count(cache) >= 250);
	assert_null(keycache_peek(cache, many[0]->spki_hash));
	for (gsize i = 0; i < G_N_ELEMENTS(many); i++)
		subject_unref(many[i]);
}

static void test_failures_keep_nothing(void **state)
{
	static const enum devid_result results[] = { DEVID_STORE_LOCKED, DEVID_STORE_MISSING,
						     DEVID_STORE_TIMEOUT, DEVID_KEY_MISSING,
						     DEVID_IO };

	for (gsize i = 0; i < G_N_ELEMENTS(results); i++) {
		struct store_wait wait = { 0 };
		GError *error = NULL;

		stub.fail = results[i];
		assert_null(keycache_get(cache, subjects[0], &wait, &error));
		assert_int_equal(error->code, results[i]);
		g_clear_error(&error);
		assert_int_equal(keycache_count(cache), 0);
	}
}

/* Uses and drops from many threads; the sanitizers look on. */
static gpointer churn(gpointer data)
{
	guint seed = GPOINTER_TO_UINT(data);

	for (int i = 0; i < 200; i++) {
		struct key *handle = get_now(subjects[(seed + (guint)i) % 2]);

		if (!handle)
			return GINT_TO_POINTER(1);
		if ((seed + (guint)i) % 7 == 0)
			keycache_drop_all(cache);
		key_unref(handle);
	}
	return NULL;
}

static void test_churn(void **state)
{
	GThread *threads[8];

	for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
		threads[i] = g_thread_new("churn", churn, GUINT_TO_POINTER(i));
	for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
		assert_null(g_thread_join(threads[i]));
}

int main(void)
{
#define CACHE(test) cmocka_unit_test_setup_teardown(test, begin, end)
	static const struct CMUnitTest tests[] = {
		CACHE(test_cached),
		CACHE(test_read_once),
		CACHE(test_failure_is_shared),
		CACHE(test_reader_goes),
		CACHE(test_waiter_goes),
		CACHE(test_gone_before),
		CACHE(test_dropped_while_reading),
		CACHE(test_dropped_and_read_again),
		CACHE(test_used_after_drop),
		CACHE(test_drops),
		CACHE(test_eviction),
		CACHE(test_failures_keep_nothing),
		CACHE(test_churn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
