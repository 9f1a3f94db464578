/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which identity each gateway took last: see choice-store.h. */
#include <errno.h>
#include <string.h>
#include <internal/cleanup.h>
#include <internal/path.h>

#include "base/error.h"
#include "base/files.h"
#include "choice-store.h"
#include "choice.h"

#define FOLDER	     "choices"
#define STORE_FILE   "gateways.conf"
#define STORE_MAX    (64 * 1024)
#define HOST_MAX     253
#define LOCK_WAIT_MS 2000

/* The folder of choices, or -1 with errno. */
static int open_folder(bool make)
{
	char state[PATH_BUFFER];

	errno = ENOENT;
	return path_state(SCOPE_USER, state) ? files_open_own(state, FOLDER, make) : -1;
}

/* Empty where there is nothing to believe. */
static GKeyFile *load(int folder)
{
	g_autofree char *text = files_read_own(folder, STORE_FILE, STORE_MAX);
	GKeyFile *store = g_key_file_new();

	if (!text || g_key_file_load_from_data(store, text, strlen(text), G_KEY_FILE_NONE, NULL))
		return store;
	g_key_file_unref(store);
	return g_key_file_new();
}

static gint64 used(GKeyFile *store, const char *group)
{
	return g_key_file_get_int64(store, group, "Used", NULL);
}

/* The group that was used last, or first; newly allocated, NULL where there is none. */
static char *extreme(GKeyFile *store, bool last)
{
	g_auto(GStrv) groups = g_key_file_get_groups(store, NULL);
	char *found = NULL;

	for (gsize i = 0; groups[i] != NULL; i++) {
		gint64 difference = !found ? 0 : used(store, groups[i]) - used(store, found);

		if (found && (last ? difference <= 0 : difference >= 0))
			continue;
		g_free(found);
		found = g_strdup(groups[i]);
	}
	return found;
}

/* A name that a key file can hold; NULL: none. */
static char *group_of(const struct choice_gateway *gateway)
{
	g_autofree char *host = g_ascii_strdown(gateway->host, -1);

	if (*host == '\0' || strlen(host) > HOST_MAX || !g_utf8_validate(host, -1, NULL))
		return NULL;
	for (const char *c = host; *c != '\0'; c++)
		if ((guchar)*c <= ' ' || *c == 0x7f || *c == '[' || *c == ']')
			return NULL;
	return g_strdup_printf("%s %u", host, gateway->port);
}

static bool is_key(const char *text)
{
	return text && strlen(text) == CHOICE_KEY_LENGTH &&
	       strspn(text, "0123456789abcdef") == CHOICE_KEY_LENGTH;
}

char *choice_recall(const struct choice_gateway *gateway)
{
	AUTO_CLOSE int folder = open_folder(false);
	g_autoptr(GKeyFile) store = folder < 0 ? NULL : load(folder);
	g_autofree char *group = NULL, *key = NULL;

	if (!store)
		return NULL;
	group = !gateway->host ? extreme(store, true) : group_of(gateway);
	key = !group ? NULL : g_key_file_get_string(store, group, "Key", NULL);
	return is_key(key) ? g_steal_pointer(&key) : NULL;
}

static bool save(int folder, GKeyFile *store)
{
	gsize length = 0;
	g_autofree char *text = g_key_file_to_data(store, &length, NULL);

	return files_replace(folder, STORE_FILE, 0600, text, length, FILES_LOCKED);
}

static bool failed(GError **error)
{
	return devid_error_set(error, DEVID_IO, NULL, devid_errno_hint(errno), "choices: %s",
			       g_strerror(errno));
}

static void forget_oldest(GKeyFile *store)
{
	gsize count = 0;
	g_auto(GStrv) groups = g_key_file_get_groups(store, &count);

	for (; count > CHOICE_GATEWAYS_MAX; count--) {
		g_autofree char *oldest = extreme(store, false);

		g_key_file_remove_group(store, oldest, NULL);
	}
}

bool choice_remember(const struct choice_gateway *gateway, const char *key, time_t now,
		     GError **error)
{
	g_autofree char *group = group_of(gateway);
	AUTO_CLOSE int folder = open_folder(true); /* errno stays as it left it */
	g_autoptr(GKeyFile) store = NULL;

	if (!group || !is_key(key))
		return true; /* nothing that could be found again */
	if (folder >= 0 && files_lock(folder, LOCK_WAIT_MS, NULL)) {
		store = load(folder);
		g_key_file_set_string(store, group, "Key", key);
		g_key_file_set_int64(store, group, "Used", now);
		forget_oldest(store);
		if (save(folder, store))
			return true;
	}
	return failed(error);
}

bool choice_forget(const struct choice_gateway *gateway, GError **error)
{
	AUTO_CLOSE int folder = open_folder(false);
	g_autofree char *group = group_of(gateway);
	g_autoptr(GKeyFile) store = NULL;

	if (folder < 0 || !group)
		return true;
	if (files_lock(folder, LOCK_WAIT_MS, NULL)) {
		store = load(folder);
		if (!g_key_file_remove_group(store, group, NULL) || save(folder, store))
			return true;
	}
	return failed(error);
}
