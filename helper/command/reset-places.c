/* The places that `devid reset-cred` goes through. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <internal/cleanup.h>
#include <internal/lock.h>

#include "change.h"
#include "reset.h"
#include "sign-in.h"

#define KEY_SUFFIX	".key"
#define PENDING_SUFFIX	".pending"
#define SETTLE_TRIES	100
#define SETTLE_STEP_US	20000
#define KEY_NAME_LENGTH 64 /* hex digits of a SHA-256, before the suffix */

/* Folders below the user's state folder. What signs in writes here and nowhere else. */
static const struct {
	const char *name, *folder;
} kept[] = {
	{ "saved sign-in data", "sign-in" },
	{ "remembered choices", "choices" },
};

static gint64 number(JsonObject *object, const char *name)
{
	return json_object_get_int_member_with_default(object, name, 0);
}

/* The JSON object of a STATUS field. */
static JsonObject *parse_status(const struct wire_frame *reply, JsonParser *parser)
{
	char *text = wire_get_text(reply, TAG_STATUS);
	gboolean read = text != NULL && json_parser_load_from_data(parser, text, -1, NULL);
	JsonNode *root = read ? json_parser_get_root(parser) : NULL;

	free(text);
	return root != NULL && JSON_NODE_HOLDS_OBJECT(root) ? json_node_get_object(root) : NULL;
}

static void tell_agent(struct reset_place *place, JsonObject *object, bool dry_run)
{
	if (object == NULL) {
		reset_state(place, "running");
		return;
	}
	place->found =
		number(object, "keys") + number(object, "verdicts") + number(object, "refusals");
	if (dry_run) {
		reset_state(place, "running, %" G_GINT64_FORMAT " keys in memory",
			    number(object, "keys"));
		return;
	}
	place->removed = place->found;
	reset_state(place,
		    "forgot %" G_GINT64_FORMAT " keys, %" G_GINT64_FORMAT
		    " verdicts, %" G_GINT64_FORMAT " refusals",
		    number(object, "keys"), number(object, "verdicts"), number(object, "refusals"));
}

void reset_agent(struct reset *reset, enum half half)
{
	struct reset_place *place =
		reset_place_new(reset, half == HALF_SYSTEM ? "the machine's agent" : "agent");
	AUTO_CLIENT struct client client = CLIENT_INIT;
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT, reply = WIRE_FRAME_INIT;
	g_autoptr(JsonParser) parser = json_parser_new();
	GError *error = NULL;

	if (client_connect(&client, half, CLIENT_NO_START) != DEVID_OK) {
		reset_state(place, "not running: nothing in memory");
		return;
	}
	wire_begin(&request, reset->dry_run ? WIRE_STATUS : WIRE_FORGET);
	if (agent_call(&client, &request, &reply, &error)) {
		tell_agent(place, parse_status(&reply, parser), reset->dry_run);
		return;
	}
	reset_state(place, "%s", error->message);
	reset_unreachable(reset, "%s: %s", place->name, error->message);
	reset_failed(reset, error);
}

/* One folder of files, flat; links are removed, never followed. */
static void empty_folder(struct reset *reset, struct reset_place *place, int fd)
{
	DIR *folder = fdopendir(fd);
	const struct dirent *entry;

	if (folder == NULL) {
		close(fd);
		return;
	}
	while ((entry = readdir(folder)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		place->found++;
		reset_item(place, entry->d_name);
		if (reset->dry_run)
			continue;
		if (unlinkat(dirfd(folder), entry->d_name, 0) == 0)
			place->removed++;
		else
			reset_unreachable(reset, "%s: %s: %s", place->name, entry->d_name,
					  g_strerror(errno));
	}
	closedir(folder);
}

void reset_files(struct reset *reset)
{
	char state[PATH_BUFFER];
	AUTO_CLOSE int base = -1;
	struct stat status;

	if (path_state(HALF_USER, state))
		base = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (base >= 0 && (fstat(base, &status) < 0 || status.st_uid != geteuid())) {
		reset_unreachable(reset, "%s: it belongs to another user", state);
		return;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(kept); i++) {
		struct reset_place *place = reset_place_new(reset, kept[i].name);
		int fd = base < 0 ? -1
				  : openat(base, kept[i].folder,
					   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (fd >= 0)
			empty_folder(reset, place, fd);
		if (place->found == 0)
			reset_state(place, "nothing found");
		else
			reset_state(place,
				    "%" G_GINT64_FORMAT " found, %" G_GINT64_FORMAT " removed",
				    place->found, place->removed);
	}
}

void reset_sign_ins(struct reset *reset)
{
	struct reset_place *place = reset_place_new(reset, "sign-ins in the keyring");
	GError *error = NULL;
	int count = sign_in_forget(NULL, reset->dry_run, &error);

	if (count < 0 && devid_error_result(error) == DEVID_STORE_MISSING) {
		reset_state(place, "no keyring that could hold one");
		g_error_free(error);
		return;
	}
	if (count < 0) {
		reset_state(place, "%s", error->message);
		reset_unreachable(reset, "%s: %s", place->name, error->message);
		reset_failed(reset, error);
		return;
	}
	place->found = count;
	place->removed = reset->dry_run ? 0 : count;
	if (count == 0)
		reset_state(place, "nothing found");
	else
		reset_state(place, "%" G_GINT64_FORMAT " found, %" G_GINT64_FORMAT " removed",
			    place->found, place->removed);
}

/* One connection a half, made when it is first needed; the keyring's question comes once. */
static void remove_identity(struct reset *reset, struct client *client,
			    const struct identity *identity, struct reset_place *place)
{
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
	GError *error = NULL;

	if ((client->fd >= 0 || agent_connect(client, identity->half, CLIENT_START, &error)) &&
	    change_remove(client, identity, warnings, &error))
		place->removed++;
	else
		reset_unreachable(reset, "%s (%s): %s", identity->record->label, identity->token,
				  error->message);
	/* The identity is gone, and its key is where nobody could get at it. */
	for (guint i = 0; i < warnings->len; i++) {
		const char *warning = g_ptr_array_index(warnings, i);

		reset_unreachable(reset, "%s (%s): %s", identity->record->label, identity->token,
				  warning);
		if (error == NULL)
			devid_error_set(&error, DEVID_STORE_LOCKED, NULL, NULL, "%s: %s",
					identity->record->label, warning);
	}
	if (error != NULL)
		reset_failed(reset, error);
}

static void tell_identities(const struct reset *reset, struct reset_place *place)
{
	if (place->found == 0)
		reset_state(place, "none");
	else if (!reset->keys)
		reset_state(place, "%" G_GINT64_FORMAT " kept (--keys removes them)", place->found);
	else if (reset->dry_run)
		reset_state(place, "%" G_GINT64_FORMAT " would be removed", place->found);
	else
		reset_state(place, "%" G_GINT64_FORMAT " found, %" G_GINT64_FORMAT " removed",
			    place->found, place->removed);
}

void reset_identities(struct reset *reset, const struct identity_list *list)
{
	static const char *const names[] = { "identities", "the machine's identities" };
	size_t beyond = 0;

	for (int half = HALF_USER; half <= HALF_SYSTEM; half++) {
		AUTO_CLIENT struct client client = CLIENT_INIT;
		struct reset_place *place = NULL;

		if (half == HALF_USER || geteuid() == 0)
			place = reset_place_new(reset, names[half]);
		for (size_t i = 0; list != NULL && i < identity_list_count(list); i++) {
			const struct identity *identity = identity_list_get(list, i);

			if ((int)identity->half != half)
				continue;
			if (place == NULL) {
				beyond++;
				continue;
			}
			place->found++;
			reset_item(place, identity->record->label);
			if (reset->keys && !reset->dry_run)
				remove_identity(reset, &client, identity, place);
		}
		if (place != NULL)
			tell_identities(reset, place);
	}
	if (beyond > 0)
		reset_unreachable(reset, "%zu identit%s of the machine: only root may remove %s",
				  beyond, beyond == 1 ? "y" : "ies", beyond == 1 ? "it" : "them");
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

/* "<64 hex digits>.key" that no record names: what an interrupted import, or somebody's restored
 * backup, left behind. A record that can't be read may name it: then all are left alone.
 */
bool reset_is_stray(const char *file, const struct record_list *records)
{
	g_autofree char *hex = g_strndup(file, KEY_NAME_LENGTH);

	return strlen(file) == KEY_NAME_LENGTH + strlen(KEY_SUFFIX) &&
	       strcmp(file + KEY_NAME_LENGTH, KEY_SUFFIX) == 0 &&
	       strspn(hex, "0123456789abcdef") == KEY_NAME_LENGTH && !is_named(records, hex);
}

static void remove_strays(struct reset *reset, struct reset_place *place, const char *path, int fd)
{
	struct record_list records = { 0 };
	DIR *folder = NULL;
	const struct dirent *entry;

	if (record_load_folder(path, &records, NULL, NULL) != DEVID_OK || records.skipped != 0)
		reset_unreachable(reset,
				  "%s: keys that nothing names are left: a record can't be read",
				  path);
	else
		folder = fdopendir(fcntl(fd, F_DUPFD_CLOEXEC, 0));
	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		if (!reset_is_stray(entry->d_name, &records))
			continue;
		place->found++;
		reset_item(place, entry->d_name);
		if (!reset->dry_run && unlinkat(fd, entry->d_name, 0) == 0)
			place->removed++;
	}
	if (folder != NULL)
		closedir(folder);
	record_list_clear(&records);
}

/* Private halves that a removal had to leave, as the agent marks them. */
static gint64 count_pending(const char *path)
{
	g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
	const char *name;
	gint64 count = 0;

	while (folder != NULL && (name = g_dir_read_name(folder)) != NULL)
		count += g_str_has_suffix(name, PENDING_SUFFIX);
	return count;
}

/* The agent takes up what was left whenever it writes: a removal of what isn't there makes it do so. */
static void settle_pending(struct reset *reset, struct reset_place *place, enum half half,
			   const char *path)
{
	AUTO_CLIENT struct client client = CLIENT_INIT;
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT, reply = WIRE_FRAME_INIT;
	gint64 before = count_pending(path), after;
	GError *error = NULL;

	place->found += before;
	if (before == 0 || reset->dry_run)
		return;
	wire_begin(&request, WIRE_REMOVE);
	wire_put_text(&request, TAG_NAME, "0000000000000000");
	if (agent_connect(&client, half, CLIENT_START, &error))
		(void)agent_call(&client, &request, &reply, NULL);
	g_clear_error(&error);
	/* It does so beside its other work. */
	for (int i = 0; i < SETTLE_TRIES && count_pending(path) > 0; i++)
		g_usleep(SETTLE_STEP_US);
	after = count_pending(path);
	place->removed += before - after;
	if (after == 0)
		return;
	devid_error_set(&error, DEVID_STORE_LOCKED, NULL, "unlock the keyring, and run it again",
			"private keys: %" G_GINT64_FORMAT
			" of removed identities could not be reached",
			after);
	reset_unreachable(reset, "%s", error->message);
	reset_failed(reset, error);
}

void reset_stray_keys(struct reset *reset, enum half half)
{
	struct reset_place *place = reset_place_new(
		reset, half == HALF_SYSTEM ? "the machine's stray keys" : "stray keys");
	char path[PATH_BUFFER];
	AUTO_CLOSE int fd = -1, lock = -1;

	if (path_data(half, path))
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	lock = fd >= 0 ? lock_open(fd, false) : -1;
	/* Writers hold this lock: what they are about to name is not stray. Without one there were none. */
	if (fd >= 0 && (lock >= 0 ? flock(lock, LOCK_EX | LOCK_NB) == 0 : errno == ENOENT))
		remove_strays(reset, place, path, fd);
	else if (fd >= 0)
		reset_unreachable(reset, "%s: another process is writing there", path);
	/* Now the agent is to write there. */
	if (lock >= 0)
		close(take_fd(&lock));
	if (fd >= 0)
		settle_pending(reset, place, half, path);
	if (place->found == 0)
		reset_state(place, "none");
	else
		reset_state(place, "%" G_GINT64_FORMAT " found, %" G_GINT64_FORMAT " removed",
			    place->found, place->removed);
}
