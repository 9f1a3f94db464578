/* Identities in the data folder: every write of the project happens here. One writer at a time
 * (flock on the folder); renaming a record into place is the commit (DESIGN section 4).
 */
#ifndef AGENT_IDENTITY_H
#define AGENT_IDENTITY_H

#include <glib.h>
#include <internal/record.h>
#include "store/store.h"

struct identity_import {
	enum half half;
	const char *label;
	const GPtrArray *certificates; /* GBytes*, DER, leaf first; at least one */
	const struct secret *pkcs8;    /* NULL: a certificate whose key is already there */
	const struct store *store;
	guint32 flags;			     /* IMPORT_* */
	const struct devid_account *account; /* limits are checked again here */
};

struct identity_result {
	char *name;
	GBytes *id;
	char *label;
	gboolean changed;
	GPtrArray *warnings; /* char* */
};
void identity_result_clear(struct identity_result *result);

/* What an import replaced, so that it can be put back: held by the connection between PHASE_COMMIT and
 * PHASE_KEEP. NULL where nothing changed.
 */
struct identity_undo;

gboolean identity_import(const struct identity_import *import, const struct store_wait *wait,
			 struct identity_result *result, struct identity_undo **undo,
			 GError **error);
/* Ends the hold: old private half out (keep), or everything back as it was (undo). Consumes `undo`. */
gboolean identity_keep(struct identity_undo *undo, const struct store_wait *wait,
		       GPtrArray *warnings, GError **error);
gboolean identity_undo(struct identity_undo *undo, const struct store_wait *wait, GError **error);

/* One object as C_CreateObject brings it (requests WRITE): pairing by SPKI, the account's limits. */
gboolean identity_write(enum half half, const struct wire_frame *request,
			const struct devid_account *account, const struct store_wait *wait,
			struct identity_result *result, GError **error);
/* `object` 0: all of it; else OBJECT_PRIVATE_KEY or OBJECT_CERTIFICATE alone. The private half goes when
 * no record names it.
 */
gboolean identity_remove(enum half half, const char *name, guint32 object,
			 const struct store_wait *wait, GPtrArray *warnings, GError **error);
gboolean identity_rename(enum half half, const char *name, const char *new_label, GBytes *new_id,
			 const struct store_wait *wait, GError **error);

#endif
