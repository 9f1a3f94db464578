/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The records that the gate knows: see known-records.h. */
#include <string.h>
#include <syslog.h>
#include <internal/wire.h>
#include "base/text.h"
#include "known-records.h"

static void warn_skipped(const char *file, unsigned line, const char *why, void *data)
{
	g_autofree char *safe = text_printable(file);

	syslog(LOG_WARNING, "%s:%u: record skipped: %s", safe, line, why);
}

void known_records_clear(struct known_records *known)
{
	record_list_clear(&known->now);
	record_list_clear(&known->former);
}

void known_records_read(struct known_records *known, enum scope scope)
{
	char folder[PATH_BUFFER];

	known_records_clear(known);
	if (path_data(scope, folder) &&
	    (record_load_folder(folder, &known->now, warn_skipped, NULL) != DEVID_OK ||
	     record_load_former(folder, &known->former, warn_skipped, NULL) != DEVID_OK))
		known_records_clear(known);
}

static const struct record *find(const struct record_list *list, const guint8 *spki_hash)
{
	for (size_t i = 0; i < list->count; i++)
		if (memcmp(list->records[i].spki_hash, spki_hash, WIRE_SPKI_HASH) == 0)
			return &list->records[i];
	return NULL;
}

const struct record *known_records_find(const struct known_records *known, const guint8 *spki_hash)
{
	const struct record *record = find(&known->now, spki_hash);

	if (record)
		return record;
	record = find(&known->former, spki_hash);
	return record && known_records_find_name(known, record->name) ? record : NULL;
}

const struct record *known_records_find_name(const struct known_records *known, const char *name)
{
	for (size_t i = 0; i < known->now.count; i++)
		if (strcmp(known->now.records[i].name, name) == 0)
			return &known->now.records[i];
	return NULL;
}
