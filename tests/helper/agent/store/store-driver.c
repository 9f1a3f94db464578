/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Drives the stores from a script: one command a line on standard input, one answer a line.
 *
 *	STORE state                 -> ok MS STATE WHY
 *	STORE read SPKI             -> ok MS PROGRESS TEXT   or: RESULT MS PROGRESS MESSAGE
 *	STORE write SPKI LABEL TEXT
 *	STORE remove SPKI
 *	STORE relabel SPKI LABEL
 *	cancel MS                   the next command's client goes away after so long
 *	locked                      -> how often the keyring told that it locked
 *	sent                        -> ok 0 0 yes|no: whether the last write gave the store anything
 *
 * RESULT is the error's reason word, PROGRESS how often a prompt was told of. The "private half" is
 *the text's bytes: a store knows nothing of keys.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agent/store/keyring-watch.h"
#include "agent/store/store.h"
#include "base/error.h"

static gint locked_count;
static int progress_count;
static bool sent;

static void on_told(enum keyring_news news, void *data)
{
	if (news == KEYRING_LOCKED)
		g_atomic_int_inc(&locked_count);
}

static void on_progress(void *data)
{
	progress_count++;
}

static gpointer cancel_later(gpointer data)
{
	gpointer *pair = data;

	g_usleep(GPOINTER_TO_UINT(pair[1]) * 1000);
	g_cancellable_cancel(pair[0]);
	return NULL;
}

static bool run(const struct store *store, char **words, const struct store_wait *wait,
		struct secret *out, GError **error)
{
	AUTO_SECRET struct secret in = SECRET_INIT;

	sent = false;
	if (g_str_equal(words[1], "read"))
		return store->read(SCOPE_USER, words[2], wait, out, error);
	if (g_str_equal(words[1], "remove"))
		return store->remove(SCOPE_USER, words[2], wait, error);
	if (g_str_equal(words[1], "relabel"))
		return store->relabel(SCOPE_USER, words[2], words[3], wait, error);
	if (g_str_equal(words[1], "write") &&
	    secret_append(&in, words[4], strlen(words[4])) == DEVID_OK)
		return store->write(SCOPE_USER, words[2], words[3], &in, wait, &sent, error);
	devid_error_set(error, DEVID_USAGE, NULL, NULL, "no such command");
	return false;
}

static void answer(char **words, guint cancel_ms)
{
	static const char *const states[] = { "ready", "locked", "missing" };
	const struct store *store = store_find(words[0]);
	g_autoptr(GCancellable) cancel = g_cancellable_new();
	struct store_wait wait = { .progress = on_progress, .cancel = cancel };
	AUTO_SECRET struct secret out = SECRET_INIT;
	gpointer pair[] = { cancel, GUINT_TO_POINTER(cancel_ms) };
	GThread *thread = cancel_ms ? g_thread_new("cancel", cancel_later, pair) : NULL;
	gint64 begin = g_get_monotonic_time();
	g_autoptr(GError) error = NULL;

	progress_count = 0;
	if (g_str_equal(words[1], "state")) {
		g_autofree char *why = NULL;
		enum store_state state = store->state(SCOPE_USER, &why);

		printf("ok %d %s %s\n", (int)((g_get_monotonic_time() - begin) / 1000),
		       states[state], why ? why : "");
	} else {
		bool done = run(store, words, &wait, &out, &error);

		printf("%s %d %d %.*s%s\n", done ? "ok" : devid_error_reason(error),
		       (int)((g_get_monotonic_time() - begin) / 1000), progress_count,
		       (int)out.length, out.data ? (const char *)out.data : "",
		       error ? error->message : "");
	}
	if (thread)
		g_thread_join(thread);
}

int main(void)
{
	char line[4096];
	guint cancel_ms = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	store_keyring_watch(on_told, NULL);
	while (fgets(line, sizeof(line), stdin)) {
		g_auto(GStrv) words = g_strsplit(g_strchomp(line), " ", 5);

		if (g_str_equal(words[0], "locked")) {
			printf("ok 0 0 %d\n", g_atomic_int_get(&locked_count));
		} else if (g_str_equal(words[0], "sent")) {
			printf("ok 0 0 %s\n", sent ? "yes" : "no");
		} else if (g_str_equal(words[0], "cancel")) {
			cancel_ms = (guint)atoi(words[1]);
			printf("ok 0 0\n");
		} else {
			answer(words, cancel_ms);
			cancel_ms = 0;
		}
	}
	/* As the agent: libcrypto's end and that of a thread that used it don't go together. */
	fflush(stdout);
	_exit(0);
}
