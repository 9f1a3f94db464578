/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an import replaced (identity.h), between its commit and the client's word. */
#pragma once

#include <stdbool.h>
#include "agent/store/store.h"

struct identity_undo {
	enum scope scope;
	char *name;
	GBytes *before;	       /* the record's bytes; NULL: there was none */
	GBytes *after;	       /* NULL: the record was not touched */
	char *former;	       /* the file that keeps what was replaced, or NULL */
	char *waiting;	       /* the record whose key went to this identity, or NULL */
	GBytes *waited;	       /* its bytes */
	struct mark *written;  /* the private half that came, or NULL */
	struct mark *replaced; /* the one that it takes the place of, or NULL */
	bool restored; /* a half that had gone missing was put back: undoing takes it out again
			*/
};

struct identity_undo *identity_undo_new(enum scope scope);
/* Ends without keep or undo: marks are settled as the records stand. */
void identity_undo_settle(struct identity_undo *undo);
/* What an import replaced, so that it can be put back: held by the connection between PHASE_COMMIT
 * and PHASE_KEEP. NULL where nothing changed.
 */
struct identity_undo;
bool identity_undo(struct identity_undo *undo, const struct store_wait *wait, GError **error);
/* Ends the hold: old private half out (keep), or everything back as it was (undo). Consumes
 * `undo`. */
bool identity_keep(struct identity_undo *undo, const struct store_wait *wait, GPtrArray *warnings,
		   GError **error);
