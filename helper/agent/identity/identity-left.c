/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Private halves that were left behind, by writers that died or where a store was out of reach:
 * taken out beside the next writer, or for somebody who asks for it, waits, and is told what
 * becomes of each.
 */
#include "agent/store/store.h"
#include "base/error.h"
#include "identity-desk.h"
#include "identity-left.h"
#include "identity-mark.h"
#include "identity-writer.h"

/* Whether the store as a whole has failed: then it need not be asked for the next half. */
static bool store_is_out(const GError *error)
{
	switch (devid_error_result(error)) {
	case DEVID_STORE_LOCKED:
	case DEVID_STORE_DISMISSED:
	case DEVID_STORE_TIMEOUT:
	case DEVID_STORE_MISSING:
		return true;
	default:
		return false;
	}
}

static void tell(GPtrArray *lines, const struct mark *mark, const GError *error, const char *what)
{
	if (lines)
		g_ptr_array_add(lines, g_strdup_printf("private key %s: %s: %s", mark->spki_hex,
						       error->message, what));
}

/* A half that nobody can say where to look for is let go of; the others stay marked. */
static void leave(struct mark *mark, const GError *why, GPtrArray *kept, GPtrArray *warnings)
{
	g_autoptr(GError) error = NULL;

	if (devid_error_result(why) != DEVID_STORE_MISSING)
		tell(warnings, mark, why, "it is still marked as left behind");
	else if (mark_let_go(mark, &error))
		tell(kept, mark, why, "it may remain there, and nothing here tells of it any more");
	else
		tell(warnings, mark, error, "it is still marked as left behind");
}

static void settle_store(const struct store *store, GPtrArray *stale, const struct store_wait *wait,
			 GPtrArray *warnings)
{
	g_autoptr(GError) refused = NULL;

	for (guint i = 0; i < stale->len; i++) {
		struct mark *mark = stale->pdata[i];
		g_autoptr(GError) error = NULL;

		if (mark->store != store || (!refused && mark_take_out(mark, wait, &error)))
			continue;
		leave(mark, refused ? refused : error, wait->kept, warnings);
		if (!refused && store_is_out(error))
			refused = g_steal_pointer(&error);
	}
}

bool identity_settle(enum scope scope, const struct store_wait *wait, GPtrArray *warnings,
		     GError **error)
{
	AUTO_WRITER struct desk desk = DESK_INIT;
	g_autoptr(GPtrArray) stale = NULL;
	gsize count = 0;
	const struct store *stores = store_table(&count);

	if (!writer_open(scope, true, wait->cancel, &desk, error))
		return false;
	stale = g_steal_pointer(&desk.stale);
	writer_close(&desk);
	for (gsize i = 0; i < count; i++)
		settle_store(&stores[i], stale, wait, warnings);
	return true;
}
