/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Marks for private halves that are under way.
 *
 * A mark is an empty file `<spki>.<store>.pending`, locked by its writer as long as that lives. It
 * is there before a private half is written and until a record names the half or the half is gone.
 * A mark that nobody holds tells the next writer of a half that may have been left behind; it takes
 * the half out where no record names it. So a half is never looked for, and never lost sight of.
 */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <devid/result.h>
#include <internal/path.h>
#include <internal/secret.h>
#include "agent/store/store.h"
#include "half.h"
#include "identity-desk.h"

#define SPKI_HEX_SIZE 65

struct mark {
	int fd;
	enum scope scope;
	char *file;
	const struct store *store;
	char spki_hex[SPKI_HEX_SIZE];
	bool inherited;		  /* another writer left it: its half may be there */
	bool sent;		  /* mark_write() has given the store the half */
	struct half_facts facts;  /* of the half that was written */
	enum devid_result result; /* of mark_write() */
};

/* Under the lock. DEVID_TIMEOUT where another writer is at this very half. */
struct mark *mark_begin(struct desk *desk, const struct store *store, const char *spki_hex,
			GError **error);
/* After a failed write, its desk closed: true, a moment later and `error` cleared, where it met
 * another writer and is worth a new beginning; `*until` is 0 at first.
 */
bool mark_try_again(const struct desk *desk, gint64 *until, const struct store_wait *wait,
		    GError **error);
/* Writes the half that was marked; not under the lock. */
bool mark_write(struct mark *mark, const char *label, const struct secret *pkcs8,
		const struct store_wait *wait, GError **error);
/* The same of a half that was made in its store. */
bool mark_keep(struct mark *mark, const char *label, struct half_made *made,
	       const struct store_wait *wait, GError **error);
/* Ends a mark, not under the lock: where no record names the half, it is taken out of its store
 * first; if that fails the mark stays for the next writer. Consumes `mark` (NULL is harmless).
 */
bool mark_end(struct mark *mark, const struct store_wait *wait, GError **error);
/* What mark_end() does, and `mark` stays its caller's. */
bool mark_take_out(struct mark *mark, const struct store_wait *wait, GError **error);
/* The mark's file goes, and its store isn't asked; `mark` stays its caller's, to be dropped. */
bool mark_let_go(struct mark *mark, GError **error);
/* mark_end() after a failure, when nobody can wait longer for a store that just did not answer:
 * then the mark is left as it is, but where the half never set out for the store: then there is
 * nothing to mark.
 */
void mark_settle(struct mark *mark);
/* Lets go of it without looking: as if its writer had died. */
void mark_drop(struct mark *mark);
/* Takes up the marks that nobody holds (desk->stale). */
bool mark_sweep(struct desk *desk, GError **error);
