/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Former records: what an identity was before another key took its place. Programs keep the
 * certificate and the handle that they found (libp11, charon, ssh-agent), so the former key signs
 * on for them until its end; nobody else finds it.
 */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <internal/record.h>
#include "identity-desk.h"

/* When its use ends, in seconds since 1970; one that can't be read has ended. */
time_t former_end(const struct record *former);

/* Writes what `record` is as a former record, for `overlap` seconds or until its certificate ends.
 * Nothing is written, and `*file` stays NULL, where there is nobody to sign on for: no overlap, no
 * certificate, no key, or one that has ended. The caller frees `*file`.
 */
bool former_write(struct desk *desk, const struct record *record, gint64 overlap, char **file,
		  GError **error);

/* Ends former records: those that have ended, or (`name`) all of that identity, and keys that wait
 * for a renewal that was done. Their halves are left to desk->stale. How many ended is added to
 * `*count` (may be NULL).
 */
bool former_sweep(struct desk *desk, const char *name, guint *count, GError **error);
