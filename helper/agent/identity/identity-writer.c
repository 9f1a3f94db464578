/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A writer at its desk: beside it, the halves that were left behind are taken out. */
#include "agent/store/store.h"
#include "former.h"
#include "half.h"
#include "identity-desk.h"
#include "identity-mark.h"
#include "identity-writer.h"

static gpointer take_out_stale(gpointer data)
{
	g_autoptr(GPtrArray) stale = data;

	for (guint i = 0; i < stale->len; i++) {
		struct mark *mark = stale->pdata[i];
		g_autoptr(GError) error = NULL;

		if (!half_is_open(mark->store, mark->scope))
			mark_drop(mark);
		else if (!mark_end(mark, NULL, &error))
			g_warning("a private key that was left behind stays: %s", error->message);
	}
	return NULL;
}

/* Nobody waits for this and nobody is asked: a store that isn't open is left to a later writer. */
static void clear_stale(GPtrArray *stale)
{
	if (!stale)
		return;
	if (stale->len == 0) {
		g_ptr_array_unref(stale);
		return;
	}
	g_ptr_array_set_free_func(stale, NULL);
	g_thread_unref(g_thread_new("left-behind", take_out_stale, stale));
}

bool writer_open(enum scope scope, bool create, GCancellable *cancel, struct desk *desk,
		 GError **error)
{
	if (desk_begin(scope, create, cancel, desk, error) && mark_sweep(desk, error) &&
	    former_sweep(desk, NULL, NULL, error))
		return true;
	writer_close(desk);
	return false;
}

void writer_close(struct desk *desk)
{
	desk_end(desk);
	clear_stale(g_steal_pointer(&desk->stale));
}

bool writer_sweep(enum scope scope, GCancellable *cancel, GError **error)
{
	AUTO_WRITER struct desk desk = DESK_INIT;

	return writer_open(scope, true, cancel, &desk, error);
}
