/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The writer's desk: the data folder locked, its records read. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <internal/record.h>
#include "agent/store/folder.h"

struct desk {
	struct folder folder;
	struct record_list list, formers;
	GPtrArray *stale; /* struct mark: left behind by writers that died */
	bool busy;	  /* mark_begin() met another writer; outlives desk_end() */
};
#define DESK_INIT ((struct desk){ FOLDER_INIT, { NULL, 0, 0, 0 }, { NULL, 0, 0, 0 }, NULL, false })

#define AUTO_DESK __attribute__((cleanup(desk_end)))

/* Opens and locks the folder, clears away what crashes left, reads the records. Ended by
 * desk_end(), also after false. */
bool desk_begin(enum scope scope, bool create, GCancellable *cancel, struct desk *desk,
		GError **error);
/* Lets other writers in while a store is asked; desk_resume() locks and reads again. */
void desk_pause(struct desk *desk);
bool desk_resume(struct desk *desk, GCancellable *cancel, GError **error);
void desk_end(struct desk *desk);

/* NULL where there is none. */
const struct record *desk_by_name(const struct desk *desk, const char *name);
const struct record *desk_by_label(const struct desk *desk, const char *label);
const struct record *desk_by_id(const struct desk *desk, const void *id, size_t length);
const struct record *desk_by_spki(const struct desk *desk, const guint8 spki_hash[32]);

/* The commit: puts the record in its file's place, or takes the file away. When either returns
 * false nothing has changed.
 */
bool desk_write(struct desk *desk, const struct record *record, GError **error);
bool desk_write_bytes(struct desk *desk, const char *name, GBytes *bytes, GError **error);
bool desk_erase(struct desk *desk, const char *name, GError **error);
/* Other files of the folder went or came: readers are told, and the records read again. */
bool desk_changed(struct desk *desk, GError **error);
/* A record's bytes as they are; NULL (and no error) where there is none. */
GBytes *desk_bytes(struct desk *desk, const char *name);
/* For a record that is written; they stay the caller's. */
static inline struct record_bytes desk_borrow(GBytes *bytes)
{
	return (struct record_bytes){ (uint8_t *)g_bytes_get_data(bytes, NULL),
				      g_bytes_get_size(bytes) };
}
void desk_new_name(const struct desk *desk, char name[RECORD_NAME_LENGTH + 1]);
