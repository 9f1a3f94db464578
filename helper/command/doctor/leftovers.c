/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What interrupted or half undone work left behind: keys that nothing names, and records without
 * their key in the keyring. Folders that only their owner may read are read where that is us.
 */
#include <string.h>
#include <unistd.h>
#include <devid/reason.h>

#include "base/keyring.h"
#include "command/reset/strays.h"
#include "identity/list.h"
#include "support.h"

#define RESET_HINT \
	"devid reset-cred --strays removes them, or tells where they may remain, and keeps the identities"
#define SKIPPED_HINT \
	"remove the record that can't be read first, for it may be theirs; then: devid reset-cred --strays"

static void look_at_folder(struct doctor *doctor, enum scope scope)
{
	struct record_list records = { NULL };
	char path[PATH_BUFFER];
	g_autoptr(GDir) folder = NULL;
	const char *name;
	guint stray = 0, pending = 0;

	if (!path_data(scope, path) || (scope == SCOPE_SYSTEM && geteuid() != 0) ||
	    record_load_all(path, &records) != DEVID_OK)
		return;
	folder = g_dir_open(path, 0, NULL);
	while (folder && (name = g_dir_read_name(folder)) != NULL) {
		stray += reset_is_stray(name, &records);
		pending += reset_is_mark(name);
	}
	/* What can't be read may name them. */
	if (stray > 0 && records.skipped == 0)
		doctor_tell(doctor, OUTCOME_WARN, RESET_HINT, "%s: %u key%s that no identity names",
			    path, stray, stray == 1 ? "" : "s");
	if (pending > 0)
		doctor_tell(doctor, OUTCOME_WARN, records.skipped == 0 ? RESET_HINT : SKIPPED_HINT,
			    "%s: %u key%s of removed identities could not be reached", path,
			    pending, pending == 1 ? "" : "s");
	record_list_clear(&records);
}

static char *hash_hex(const struct record *record)
{
	char *hex = g_malloc(2 * sizeof(record->spki_hash) + 1);

	hex_encode(record->spki_hash, sizeof(record->spki_hash), hex);
	return hex;
}

/* Of what was replaced, too: those keys sign on. */
static GPtrArray *named_keys(void)
{
	GPtrArray *named = g_ptr_array_new_with_free_func(g_free);
	struct record_list records = { NULL };
	char path[PATH_BUFFER];

	if (path_data(SCOPE_USER, path) && record_load_all(path, &records) == DEVID_OK)
		for (size_t i = 0; i < records.count; i++) {
			char *hex = hash_hex(&records.records[i]);

			g_ptr_array_add(named, hex);
			/* A TPM's key has its authorisation there. */
			g_ptr_array_add(named, g_strconcat(hex, KEYRING_TPM_AUTH, NULL));
		}
	record_list_clear(&records);
	return named;
}

/* Both ways: an item that no record names, and a record that names none. */
static void compare_keyring(struct doctor *doctor, const struct identity_list *list,
			    GPtrArray *items)
{
	g_autoptr(GPtrArray) named = named_keys();
	guint orphans = 0;

	for (size_t i = 0; i < identity_list_count(list); i++) {
		const struct identity *identity = identity_list_get(list, i);
		g_autofree char *hex = hash_hex(identity->record);

		if (identity->scope == SCOPE_USER &&
		    strcmp(identity->record->store, "keyring") == 0 &&
		    !g_ptr_array_find_with_equal_func(items, hex, g_str_equal, NULL))
			doctor_tell(doctor, doctor_gravity(doctor, identity),
				    devid_reason_for(DEVID_KEY_MISSING)->hint,
				    "%s: the keyring has no key for it",
				    doctor_identity_name(identity));
	}
	for (guint i = 0; i < items->len; i++)
		orphans += !g_ptr_array_find_with_equal_func(named, g_ptr_array_index(items, i),
							     g_str_equal, NULL);
	if (orphans > 0)
		doctor_tell(doctor, OUTCOME_WARN,
			    "remove them with the keyring's own program (Passwords and Keys)",
			    "the keyring has %u device key%s that no identity names", orphans,
			    orphans == 1 ? "" : "s");
}

static void look_at_keyring(struct doctor *doctor)
{
	const struct identity_list *list = doctor_identities(doctor);
	g_autoptr(GPtrArray) items = NULL;

	/* A locked one doesn't show what its items are called. */
	if (!list || g_strcmp0(doctor_noted(doctor, "keyring"), "ready") != 0)
		return;
	items = keyring_look_keys();
	if (!items)
		doctor_tell(doctor, OUTCOME_SKIP, NULL, "the keyring's items can't be listed");
	else
		compare_keyring(doctor, list, items);
}

void doctor_leftovers(struct doctor *doctor)
{
	look_at_folder(doctor, SCOPE_USER);
	look_at_folder(doctor, SCOPE_SYSTEM);
	look_at_keyring(doctor);
	if (!doctor->told)
		doctor_tell(doctor, OUTCOME_PASS, NULL, "none");
}
