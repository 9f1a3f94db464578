/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Former records: written beside a replacement, ended by the next writer after their time. */
#include <string.h>
#include "agent/store/folder.h"
#include "agent/store/store.h"
#include "base/certificate.h"
#include "base/moment.h"
#include "former.h"
#include "identity-desk.h"
#include "identity-mark.h"
#include "record-write.h"

time_t former_end(const struct record *former)
{
	return moment_read(former->until);
}

static time_t certificate_end(const struct record *record)
{
	gnutls_x509_crt_t leaf = certificate_from_der(record->leaf.data, record->leaf.length);
	time_t end = leaf ? gnutls_x509_crt_get_expiration_time(leaf) : MOMENT_NONE;

	if (leaf)
		gnutls_x509_crt_deinit(leaf);
	return end == MOMENT_NONE ? 0 : moment_after(end);
}

bool former_write(struct desk *desk, const struct record *record, gint64 overlap, char **file,
		  GError **error)
{
	struct record former = *record;
	time_t now = time(NULL), end = record->leaf.length > 0 ? certificate_end(record) : 0;
	g_autofree char *until = NULL;
	g_autoptr(GBytes) bytes = NULL;
	char name[RECORD_FORMER_SIZE];

	end = MIN(end, now + (time_t)overlap);
	if (!record_has_key(record) || !store_find(record->store) || end <= now)
		return true;
	until = moment_utc(end);
	former.until = until;
	bytes = record_format(&former, error);
	record_former_file(record->name, record->spki_hash, name);
	if (!bytes || !folder_write(&desk->folder, name, folder_record_mode(desk->folder.scope),
				    g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), error))
		return false;
	*file = g_strdup(name);
	return true;
}

/* --- the end */

static bool has_ended(const struct desk *desk, const struct record *former, const char *name,
		      time_t now)
{
	return (name && strcmp(former->name, name) == 0) || former_end(former) <= now ||
	       !desk_by_name(desk, former->name) || desk_by_spki(desk, former->spki_hash);
}

/* Its half is marked before the record goes, and taken out only if no other record names it. */
static bool end_one(struct desk *desk, const struct record *former, GError **error)
{
	const struct store *store = store_find(former->store);
	struct mark *mark = NULL;
	char name[RECORD_FORMER_SIZE], hex[SPKI_HEX_SIZE];

	hex_encode(former->spki_hash, sizeof(former->spki_hash), hex);
	record_former_file(former->name, former->spki_hash, name);
	if (store) {
		mark = mark_begin(desk, store, hex, error);
		if (!mark)
			return false;
		g_ptr_array_add(desk->stale, mark);
	}
	return folder_remove(&desk->folder, name, error);
}

/* A renewal that was cut short after its record was in place, and before the waiting one went. */
static bool is_done_renewal(const struct desk *desk, const struct record *waiting)
{
	const struct record *renewed = waiting->renews && waiting->leaf.length == 0
					       ? desk_by_name(desk, waiting->renews)
					       : NULL;

	return renewed &&
	       memcmp(renewed->spki_hash, waiting->spki_hash, sizeof(renewed->spki_hash)) == 0;
}

static bool sweep_waiting(struct desk *desk, bool *changed, GError **error)
{
	for (size_t i = 0; i < desk->list.count; i++) {
		const struct record *waiting = &desk->list.records[i];

		if (!is_done_renewal(desk, waiting))
			continue;
		if (!desk_erase(desk, waiting->name, error))
			return false;
		*changed = true;
	}
	return true;
}

bool former_sweep(struct desk *desk, const char *name, guint *count, GError **error)
{
	time_t now = time(NULL);
	bool changed = false, busy = desk->busy;

	for (size_t i = 0; i < desk->formers.count; i++) {
		const struct record *former = &desk->formers.records[i];
		bool wanted = name && strcmp(former->name, name) == 0;
		g_autoptr(GError) local = NULL;

		if (!has_ended(desk, former, name, now))
			continue;
		if (!end_one(desk, former, &local)) {
			/* Another writer is at this very key: it stays for the next. */
			if (wanted) {
				g_propagate_error(error, g_steal_pointer(&local));
				return false;
			}
			desk->busy = busy;
			continue;
		}
		changed = true;
		if (count)
			*count += 1;
	}
	return sweep_waiting(desk, &changed, error) && (!changed || desk_changed(desk, error));
}
