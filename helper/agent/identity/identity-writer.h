/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A writer at its desk. */
#pragma once

#include <stdbool.h>
#include <gio/gio.h>
#include <internal/path.h>
#include "identity-desk.h"

#define AUTO_WRITER __attribute__((cleanup(writer_close)))

/* desk_begin(), and takes up the marks that nobody holds. */
bool writer_open(enum scope scope, bool create, GCancellable *cancel, struct desk *desk,
		 GError **error);
/* desk_end(); has the stale halves taken out, in a thread of its own, where their store is open. */
void writer_close(struct desk *desk);
/* A writer that only takes away what has ended: nobody is asked for it, and no store waited for. */
bool writer_sweep(enum scope scope, GCancellable *cancel, GError **error);
