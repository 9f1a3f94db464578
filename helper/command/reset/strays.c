/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stray keys, for `devid reset-cred`: files of keys that no record names, and private halves that
 * were left behind where they lie, as the agent marks them.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include <internal/cleanup.h>
#include <internal/lock.h>

#include "base/error.h"
#include "identity/agent.h"
#include "identity/change.h"
#include "reset.h"
#include "strays.h"

#define KEY_NAME_LENGTH 64 /* hex digits of a SHA-256, before the suffix */
#define SETTLE_TURNS	4
#define SETTLE_TRIES	25
#define SETTLE_STEP_US	20000

static const char *const key_suffixes[] = { ".key", ".tss2", NULL };
/* A mark is "<64 hex digits>.STORE.pending". */
static const char *const mark_suffixes[] = { ".keyring.pending", ".file.pending", ".tpm.pending" };

static bool begins_with_hash(const char *file)
{
	return strspn(file, "0123456789abcdef") == KEY_NAME_LENGTH;
}

static bool is_named(const struct record_list *records, const char *hex)
{
	for (size_t i = 0; i < records->count; i++) {
		char name[2 * sizeof(records->records[i].spki_hash) + 1];

		hex_encode(records->records[i].spki_hash, sizeof(records->records[i].spki_hash),
			   name);
		if (strcmp(name, hex) == 0)
			return true;
	}
	return false;
}

/* "<64 hex digits>.key" or ".tss2" that no record names: what an interrupted import, or somebody's
 * restored backup, left behind. A record that can't be read may name it: then all are left alone.
 */
bool reset_is_stray(const char *file, const struct record_list *records)
{
	g_autofree char *hex = g_strndup(file, KEY_NAME_LENGTH);

	return begins_with_hash(file) && g_strv_contains(key_suffixes, file + KEY_NAME_LENGTH) &&
	       !is_named(records, hex);
}

static void remove_strays(struct reset *reset, struct reset_place *place, const char *path, int fd)
{
	struct record_list records = { 0 };
	DIR *folder = NULL;
	const struct dirent *entry;

	if (record_load_all(path, &records) != DEVID_OK || records.skipped != 0)
		reset_unreachable(reset,
				  "%s: keys that nothing names are left: a record can't be read",
				  path);
	else
		folder = fdopendir(fcntl(fd, F_DUPFD_CLOEXEC, 0));
	while (folder && (entry = readdir(folder)) != NULL) {
		if (!reset_is_stray(entry->d_name, &records))
			continue;
		place->found++;
		reset_item(place, entry->d_name);
		if (!reset->dry_run && unlinkat(fd, entry->d_name, 0) == 0)
			place->removed++;
	}
	if (folder)
		closedir(folder);
	record_list_clear(&records);
}

bool reset_is_mark(const char *file)
{
	for (size_t i = 0; i < G_N_ELEMENTS(mark_suffixes); i++)
		if (begins_with_hash(file) && strcmp(file + KEY_NAME_LENGTH, mark_suffixes[i]) == 0)
			return true;
	return false;
}

static gint64 count_marks(const char *path)
{
	g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
	const char *name;
	gint64 count = 0;

	while (folder && (name = g_dir_read_name(folder)) != NULL)
		count += reset_is_mark(name);
	return count;
}

/* Until none is left or it is known why. Another request may be at it already, and an agent of
 * another version does it beside its other work, whenever it is asked to remove something.
 */
static void ask_to_settle(enum scope scope, const char *path, GPtrArray *stay, GPtrArray *let_go)
{
	AUTO_CLIENT struct client client = CLIENT_INIT;
	GError *error = NULL;

	for (int turn = 0; turn < SETTLE_TURNS && stay->len == 0 && count_marks(path) > 0; turn++) {
		if (client.fd < 0 && !agent_connect(&client, scope, CLIENT_START, &error))
			break;
		change_settle(&client, stay, let_go);
		for (int i = 0; i < SETTLE_TRIES && stay->len == 0 && count_marks(path) > 0; i++)
			g_usleep(SETTLE_STEP_US);
	}
	g_clear_error(&error);
}

static void tell_lines(struct reset *reset, const GPtrArray *lines)
{
	for (guint i = 0; i < lines->len; i++)
		reset_unreachable(reset, "%s", (const char *)g_ptr_array_index(lines, i));
}

static void tell_stay(struct reset *reset, const char *path, gint64 count)
{
	struct record_list records = { 0 };
	bool unreadable = record_load_all(path, &records) != DEVID_OK || records.skipped != 0;
	GError *error = NULL;

	record_list_clear(&records);
	if (unreadable)
		devid_error_set(&error, DEVID_BAD_DATA, NULL,
				"devid doctor names the record: remove it, and run this again",
				"private keys: %" G_GINT64_FORMAT
				" were left behind, and a record that can't be read may name them",
				count);
	else
		devid_error_set(&error, DEVID_STORE_LOCKED, NULL,
				"unlock the keyring, and run it again",
				"private keys: %" G_GINT64_FORMAT
				" of removed identities could not be reached",
				count);
	reset_unreachable(reset, "%s", error->message);
	reset_failed(reset, error);
}

static void settle_marks(struct reset *reset, struct reset_place *place, enum scope scope,
			 const char *path)
{
	g_autoptr(GPtrArray) stay = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) let_go = g_ptr_array_new_with_free_func(g_free);
	gint64 before = count_marks(path), after;
	GError *error = NULL;

	place->found += before;
	if (before == 0 || reset->dry_run)
		return;
	ask_to_settle(scope, path, stay, let_go);
	after = count_marks(path);
	place->removed += MAX(before - after - (gint64)let_go->len, 0);
	tell_lines(reset, stay);
	tell_lines(reset, let_go);
	if (after > 0)
		tell_stay(reset, path, after);
	if (let_go->len == 0)
		return;
	/* Once: there is no mark of them any more. */
	devid_error_set(&error, DEVID_STORE_MISSING, NULL,
			"where the keyring is there again, devid doctor tells of keys that no "
			"identity names",
			"private keys: %u may remain in a keyring that is not there", let_go->len);
	reset_failed(reset, error);
}

void reset_stray_keys(struct reset *reset, enum scope scope)
{
	struct reset_place *place = reset_place_new(
		reset, scope == SCOPE_SYSTEM ? "the machine's stray keys" : "stray keys");
	char path[PATH_BUFFER];
	AUTO_CLOSE int fd = -1, lock = -1;

	if (path_data(scope, path))
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	lock = fd >= 0 ? lock_open(fd, false) : -1;
	/* Writers hold this lock: what they are about to name is not stray. Without one there were
	 * none. */
	if (fd >= 0 && (lock >= 0 ? flock(lock, LOCK_EX | LOCK_NB) == 0 : errno == ENOENT))
		remove_strays(reset, place, path, fd);
	else if (fd >= 0)
		reset_unreachable(reset, "%s: another process is writing there", path);
	/* Now the agent is to write there. */
	if (lock >= 0)
		close(take_fd(&lock));
	if (fd >= 0)
		settle_marks(reset, place, scope, path);
	reset_count(place, "none");
}
