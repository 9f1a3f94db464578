/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The two ends of an import: kept, or everything back as it was. */
#include "agent/store/folder.h"
#include "base/error.h"
#include "identity-change.h"
#include "identity-desk.h"
#include "identity-mark.h"
#include "identity-undo.h"
#include "identity-writer.h"

struct identity_undo *identity_undo_new(enum scope scope)
{
	struct identity_undo *undo = g_new0(struct identity_undo, 1);

	undo->scope = scope;
	return undo;
}

static void undo_free(struct identity_undo *undo)
{
	mark_drop(undo->written);
	mark_drop(undo->replaced);
	g_clear_pointer(&undo->before, g_bytes_unref);
	g_clear_pointer(&undo->after, g_bytes_unref);
	g_clear_pointer(&undo->waited, g_bytes_unref);
	g_free(undo->waiting);
	g_free(undo->former);
	g_free(undo->name);
	g_free(undo);
}

void identity_undo_settle(struct identity_undo *undo)
{
	if (!undo)
		return;
	mark_settle(g_steal_pointer(&undo->written));
	mark_settle(g_steal_pointer(&undo->replaced));
	undo_free(undo);
}

/* A key that waited is called in its store as what it waited under. */
static void call_as_identity(const struct identity_undo *undo, const struct store_wait *wait)
{
	AUTO_DESK struct desk desk = DESK_INIT;
	const struct record *record;

	if (!undo->waiting || !desk_begin(undo->scope, true, store_wait_cancel(wait), &desk, NULL))
		return;
	record = desk_by_name(&desk, undo->name);
	desk_pause(&desk);
	if (record)
		identity_relabel(undo->scope, record->store, record->spki_hash, record->label,
				 wait);
}

bool identity_keep(struct identity_undo *undo, const struct store_wait *wait, GPtrArray *warnings,
		   GError **error)
{
	g_autoptr(GError) local = NULL;

	if (!undo)
		return true;
	if (!mark_end(g_steal_pointer(&undo->written), wait, &local))
		g_warning("%s", local->message);
	g_clear_error(&local);
	/* The identity stands; a half that can't be reached now is left to the next writer. */
	if (!mark_end(g_steal_pointer(&undo->replaced), wait, &local))
		g_ptr_array_add(warnings,
				g_strdup_printf("the replaced private key could not be removed: %s",
						local->message));
	call_as_identity(undo, wait);
	undo_free(undo);
	return true;
}

static bool put_back(struct identity_undo *undo, const struct store_wait *wait, GError **error)
{
	AUTO_WRITER struct desk desk = DESK_INIT;
	g_autoptr(GBytes) now = NULL;

	if (!undo->after)
		return true;
	if (!writer_open(undo->scope, true, store_wait_cancel(wait), &desk, error))
		return false;
	now = desk_bytes(&desk, undo->name);
	if (!now && !undo->before)
		return true;
	if (!now || !g_bytes_equal(now, undo->after))
		return devid_error_set(
			error, DEVID_EXISTS, NULL, NULL,
			"identity: it was changed by another program in the meantime");
	/* The key waits again before the identity lets go of it. */
	if (undo->waited && !desk_write_bytes(&desk, undo->waiting, undo->waited, error))
		return false;
	if (undo->before ? !desk_write_bytes(&desk, undo->name, undo->before, error)
			 : !desk_erase(&desk, undo->name, error))
		return false;
	return !undo->former || folder_remove(&desk.folder, undo->former, error);
}

bool identity_undo(struct identity_undo *undo, const struct store_wait *wait, GError **error)
{
	g_autoptr(GError) local = NULL;
	bool done;

	if (!undo)
		return true;
	done = put_back(undo, wait, error);
	if (done && undo->restored)
		done = undo->written->store->remove(undo->scope, undo->written->spki_hex, wait,
						    error);
	/* Both ends are tried, whatever became of the other. */
	if (!mark_end(g_steal_pointer(&undo->written), wait, done ? error : NULL))
		done = false;
	if (!mark_end(g_steal_pointer(&undo->replaced), wait, done ? error : NULL))
		done = false;
	undo_free(undo);
	return done;
}
