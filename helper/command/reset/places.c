/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The places that `devid reset-cred` goes through. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <internal/cleanup.h>

#include "base/error.h"
#include "base/json-value.h"
#include "command/import/credential.h"
#include "command/vpn/sign-in.h"
#include "identity/agent-look.h"
#include "identity/agent.h"
#include "identity/change.h"
#include "identity/list.h"
#include "places.h"
#include "reset.h"

/* Folders below the user's state folder. What signs in writes here and nowhere else. */
static const struct {
	const char *name, *folder;
} folders[] = {
	{ "saved sign-in data", "sign-in" },
	{ "remembered choices", "choices" },
};

static void tell_agent(struct reset_place *place, JsonObject *object, bool dry_run)
{
	if (!object) {
		reset_state(place, "running");
		return;
	}
	place->found = json_value_number(object, "keys", 0) +
		       json_value_number(object, "verdicts", 0) +
		       json_value_number(object, "refusals", 0);
	if (dry_run) {
		reset_state(place, "running, %" G_GINT64_FORMAT " keys in memory",
			    json_value_number(object, "keys", 0));
		return;
	}
	place->removed = place->found;
	reset_state(place,
		    "forgot %" G_GINT64_FORMAT " keys, %" G_GINT64_FORMAT
		    " verdicts, %" G_GINT64_FORMAT " refusals",
		    json_value_number(object, "keys", 0), json_value_number(object, "verdicts", 0),
		    json_value_number(object, "refusals", 0));
}

void reset_agent(struct reset *reset, enum scope scope)
{
	struct reset_place *place =
		reset_place_new(reset, scope == SCOPE_SYSTEM ? "the machine's agent" : "agent");
	AUTO_CLIENT struct client client = CLIENT_INIT;
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT, reply = WIRE_FRAME_INIT;
	g_autoptr(JsonParser) parser = json_parser_new();
	GError *error = NULL;

	if (client_connect(&client, scope, CLIENT_NO_START) != DEVID_OK) {
		reset_state(place, "not running: nothing in memory");
		return;
	}
	wire_begin(&request, reset->dry_run ? WIRE_STATUS : WIRE_FORGET);
	if (agent_ask(&client, &request, &reply, &error)) {
		tell_agent(place, agent_status(&reply, parser), reset->dry_run);
		return;
	}
	reset_place_failed(reset, place, error);
}

/* One folder of files, flat; links are removed, never followed. */
static void empty_folder(struct reset *reset, struct reset_place *place, int fd)
{
	DIR *folder = fdopendir(fd);
	const struct dirent *entry;

	if (!folder) {
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

	if (path_state(SCOPE_USER, state))
		base = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (base >= 0 && (fstat(base, &status) < 0 || status.st_uid != geteuid())) {
		reset_unreachable(reset, "%s: it belongs to another user", state);
		return;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
		struct reset_place *place = reset_place_new(reset, folders[i].name);
		int fd = base < 0 ? -1
				  : openat(base, folders[i].folder,
					   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (fd >= 0)
			empty_folder(reset, place, fd);
		reset_count(place, "nothing found");
	}
}

void reset_sign_ins(struct reset *reset)
{
	struct reset_place *place = reset_place_new(reset, "sign-ins in the keyring");
	GError *error = NULL;
	const char *kept;
	int count = sign_in_forget(NULL, reset->dry_run, &kept, &error);

	if (count < 0 && devid_error_result(error) == DEVID_STORE_MISSING) {
		reset_state(place, "no keyring that could hold one");
		g_error_free(error);
		return;
	}
	if (count < 0) {
		reset_place_failed(reset, place, error);
		return;
	}
	place->found = count;
	place->removed = reset->dry_run ? 0 : count;
	if (kept)
		reset_unreachable(reset, "%s: %s", place->name, kept);
	reset_count(place, "nothing found");
}

/* One connection a scope, made when it is first needed; the keyring's question comes once. */
static void remove_identity(struct reset *reset, struct client *client,
			    const struct identity *identity, struct reset_place *place)
{
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) kept = g_ptr_array_new_with_free_func(g_free);
	GError *error = NULL;

	if ((client->fd >= 0 || agent_connect(client, identity->scope, CLIENT_START, &error)) &&
	    change_remove(client, identity, warnings, kept, &error))
		place->removed++;
	else
		reset_unreachable(reset, "%s (%s): %s", identity->record->label, identity->token,
				  error->message);
	for (guint i = 0; i < kept->len; i++)
		reset_unreachable(reset, "%s (%s): %s", identity->record->label, identity->token,
				  (const char *)g_ptr_array_index(kept, i));
	/* The identity is gone, and its key is where nobody could get at it. */
	for (guint i = 0; i < warnings->len; i++) {
		const char *warning = g_ptr_array_index(warnings, i);

		reset_unreachable(reset, "%s (%s): %s", identity->record->label, identity->token,
				  warning);
		if (!error)
			devid_error_set(&error, DEVID_STORE_LOCKED, NULL, NULL, "%s: %s",
					identity->record->label, warning);
	}
	if (error)
		reset_failed(reset, error);
}

static void tell_identities(const struct reset *reset, struct reset_place *place)
{
	reset_count(place, "none");
	if (place->found > 0 && !reset->keys)
		reset_state(place, "%" G_GINT64_FORMAT " kept (--keys removes them)", place->found);
	else if (place->found > 0 && reset->dry_run)
		reset_state(place, "%" G_GINT64_FORMAT " would be removed", place->found);
}

void reset_identities(struct reset *reset, const struct identity_list *list)
{
	static const char *const names[] = { "identities", "the machine's identities" };
	size_t beyond = 0;

	for (int scope = SCOPE_USER; scope <= SCOPE_SYSTEM; scope++) {
		AUTO_CLIENT struct client client = CLIENT_INIT;
		struct reset_place *place = NULL;

		if (scope == SCOPE_USER || geteuid() == 0)
			place = reset_place_new(reset, names[scope]);
		for (size_t i = 0; list && i < identity_list_count(list); i++) {
			const struct identity *identity = identity_list_get(list, i);

			if ((int)identity->scope != scope)
				continue;
			if (!place) {
				beyond++;
				continue;
			}
			place->found++;
			reset_item(place, identity->record->label);
			if (reset->keys && !reset->dry_run)
				remove_identity(reset, &client, identity, place);
		}
		if (place)
			tell_identities(reset, place);
	}
	if (beyond > 0)
		reset_unreachable(reset, "%zu identit%s of the machine: only root may remove %s",
				  beyond, beyond == 1 ? "y" : "ies", beyond == 1 ? "it" : "them");
}

/* A record that can't be read may be one of them. */
static bool is_needed(void)
{
	struct record_list records = { 0 };
	char folder[PATH_BUFFER];
	bool needed = !path_data(SCOPE_SYSTEM, folder) ||
		      record_load_all(folder, &records) != DEVID_OK || records.skipped > 0;

	for (size_t i = 0; i < records.count; i++)
		needed = needed || g_strcmp0(records.records[i].auth, "credential") == 0;
	record_list_clear(&records);
	return needed;
}

/* Other folders of systemd's are not devid's to clear. */
void reset_credential(struct reset *reset)
{
	struct reset_place *place =
		reset_place_new(reset, "the machine's credential for keys in the TPM");

	if (faccessat(AT_FDCWD, CREDENTIAL_FILE, F_OK, AT_SYMLINK_NOFOLLOW) < 0) {
		reset_state(place, "none");
		return;
	}
	place->found = 1;
	reset_item(place, CREDENTIAL_FILE);
	if (!reset->keys) {
		reset_state(place, "kept (--keys removes it)");
	} else if (reset->dry_run) {
		reset_state(place, "would be removed with the keys that need it");
	} else if (is_needed()) {
		reset_state(place, "kept: a key may need it");
		reset_unreachable(reset, "%s: a key may need it", CREDENTIAL_FILE);
	} else if (unlink(CREDENTIAL_FILE) == 0) {
		place->removed = 1;
		reset_count(place, "none");
	} else {
		GError *error = NULL;

		devid_error_set(&error, DEVID_IO, NULL, devid_errno_hint(errno), "%s: %s",
				CREDENTIAL_FILE, g_strerror(errno));
		reset_place_failed(reset, place, error);
	}
}
