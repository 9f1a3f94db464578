/* What an import replaced (identity.h), between its commit and the client's word. */
#ifndef AGENT_IDENTITY_UNDO_H
#define AGENT_IDENTITY_UNDO_H

#include "identity.h"
#include "identity-desk.h"

struct identity_undo {
	enum half half;
	char *name;
	GBytes *before;	       /* the record's bytes; NULL: there was none */
	GBytes *after;	       /* NULL: the record was not touched */
	struct mark *written;  /* the private half that came, or NULL */
	struct mark *replaced; /* the one that it takes the place of, or NULL */
	gboolean
		restored; /* a half that had gone missing was put back: undoing takes it out again */
};

struct identity_undo *identity_undo_new(enum half half);
/* Ends without keep or undo: marks are settled as the records stand. */
void identity_undo_settle(struct identity_undo *undo);

#endif
