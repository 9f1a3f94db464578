/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The data folder from its writers' side: lock, records, commits. */
#include <string.h>
#include <sys/random.h>
#include "agent/store/folder-open.h"
#include "agent/store/folder.h"
#include "base/error.h"
#include "identity-desk.h"
#include "record-write.h"

static void tell_skipped(const char *file, unsigned line, const char *why, void *data)
{
	const struct desk *desk = data;

	g_warning("%s/%s:%u: %s: skipped", desk->folder.path, file, line, why);
}

static bool load(struct desk *desk, GError **error)
{
	enum devid_result result;

	record_list_clear(&desk->list);
	record_list_clear(&desk->formers);
	result = record_load_folder(desk->folder.path, &desk->list, tell_skipped, desk);
	if (result == DEVID_OK)
		result = record_load_former(desk->folder.path, &desk->formers, tell_skipped, desk);
	if (result == DEVID_OK)
		return true;
	return devid_error_set(error, result, NULL, NULL, "%s: its records can't be read",
			       desk->folder.path);
}

/* What a writer that died was writing; all but the keys', which belong to a mark. */
static bool sweep_temporaries(struct desk *desk, GError **error)
{
	static const char *const mine[] = { RECORD_SUFFIX FOLDER_TEMPORARY,
					    RECORD_FORMER_SUFFIX FOLDER_TEMPORARY,
					    "generation" FOLDER_TEMPORARY };

	for (size_t i = 0; i < G_N_ELEMENTS(mine); i++) {
		g_autoptr(GPtrArray) names = folder_names(&desk->folder, mine[i], error);

		if (!names)
			return false;
		for (guint j = 0; j < names->len; j++)
			folder_remove(&desk->folder, names->pdata[j], NULL);
	}
	return true;
}

bool desk_begin(enum scope scope, bool create, GCancellable *cancel, struct desk *desk,
		GError **error)
{
	*desk = DESK_INIT;
	if (folder_open(scope, create, &desk->folder, error) &&
	    folder_lock(&desk->folder, cancel, error) && sweep_temporaries(desk, error) &&
	    load(desk, error))
		return true;
	desk_end(desk);
	return false;
}

void desk_pause(struct desk *desk)
{
	folder_unlock(&desk->folder);
}

bool desk_resume(struct desk *desk, GCancellable *cancel, GError **error)
{
	return folder_lock(&desk->folder, cancel, error) && load(desk, error);
}

void desk_end(struct desk *desk)
{
	folder_close(&desk->folder);
	record_list_clear(&desk->list);
	record_list_clear(&desk->formers);
}

const struct record *desk_by_name(const struct desk *desk, const char *name)
{
	for (size_t i = 0; i < desk->list.count; i++)
		if (strcmp(desk->list.records[i].name, name) == 0)
			return &desk->list.records[i];
	return NULL;
}

const struct record *desk_by_label(const struct desk *desk, const char *label)
{
	for (size_t i = 0; i < desk->list.count; i++)
		if (strcmp(desk->list.records[i].label, label) == 0)
			return &desk->list.records[i];
	return NULL;
}

const struct record *desk_by_id(const struct desk *desk, const void *id, size_t length)
{
	for (size_t i = 0; i < desk->list.count; i++) {
		const struct record_bytes *other = &desk->list.records[i].id;

		if (other->length == length && memcmp(other->data, id, length) == 0)
			return &desk->list.records[i];
	}
	return NULL;
}

const struct record *desk_by_spki(const struct desk *desk, const guint8 spki_hash[32])
{
	for (size_t i = 0; i < desk->list.count; i++)
		if (memcmp(desk->list.records[i].spki_hash, spki_hash, 32) == 0)
			return &desk->list.records[i];
	return NULL;
}

static char *file_of(const char *name)
{
	return g_strconcat(name, RECORD_SUFFIX, NULL);
}

/* The change is made: what still fails can't unmake it, and only delays when readers and the disk
 * learn of it.
 */
static void after_commit(struct desk *desk)
{
	g_autoptr(GError) error = NULL;

	if (!folder_publish_generation(&desk->folder, &error))
		g_warning("%s", error->message);
	g_clear_error(&error);
	if (!folder_sync(&desk->folder, &error))
		g_warning("%s", error->message);
}

bool desk_write_bytes(struct desk *desk, const char *name, GBytes *bytes, GError **error)
{
	g_autofree char *file = file_of(name);
	gsize length;
	const void *data = g_bytes_get_data(bytes, &length);

	if (!folder_prepare(&desk->folder, file, folder_record_mode(desk->folder.scope), data,
			    length, error) ||
	    !folder_prepare_generation(&desk->folder, error) ||
	    !folder_publish(&desk->folder, file, error))
		return false;
	after_commit(desk);
	return true;
}

bool desk_write(struct desk *desk, const struct record *record, GError **error)
{
	g_autoptr(GBytes) bytes = record_format(record, error);

	return bytes && desk_write_bytes(desk, record->name, bytes, error);
}

bool desk_erase(struct desk *desk, const char *name, GError **error)
{
	g_autofree char *file = file_of(name);

	if (!folder_prepare_generation(&desk->folder, error) ||
	    !folder_remove(&desk->folder, file, error))
		return false;
	after_commit(desk);
	return true;
}

bool desk_changed(struct desk *desk, GError **error)
{
	if (!folder_prepare_generation(&desk->folder, error))
		return false;
	after_commit(desk);
	return load(desk, error);
}

GBytes *desk_bytes(struct desk *desk, const char *name)
{
	AUTO_SECRET struct secret content = SECRET_INIT;
	g_autofree char *file = file_of(name);

	if (!folder_read(&desk->folder, file, RECORD_SIZE_MAX, false, &content, NULL))
		return NULL;
	return g_bytes_new(content.data, content.length);
}

void desk_new_name(const struct desk *desk, char name[RECORD_NAME_LENGTH + 1])
{
	guint8 random[RECORD_NAME_LENGTH / 2];

	do {
		while (getrandom(random, sizeof(random), 0) != sizeof(random))
			;
		hex_encode(random, sizeof(random), name);
	} while (desk_by_name(desk, name));
}
