/* The writer's desk: the data folder locked, its records read, and marks for private halves that are
 * under way.
 *
 * A mark is an empty file `<spki>.<store>.pending`, locked by its writer as long as that lives. It is
 * there before a private half is written and until a record names the half or the half is gone. A mark
 * that nobody holds tells the next writer of a half that may have been left behind; it takes the half
 * out where no record names it. So a half is never looked for, and never lost sight of.
 */
#ifndef AGENT_IDENTITY_DESK_H
#define AGENT_IDENTITY_DESK_H

#include <glib.h>
#include <internal/record.h>
#include "store/folder.h"
#include "store/store.h"

#define SPKI_HEX_SIZE 65

struct mark {
	int fd;
	enum half half;
	char *file;
	const struct store *store;
	char spki_hex[SPKI_HEX_SIZE];
	enum devid_result result; /* of mark_write() */
};

struct desk {
	struct folder folder;
	struct record_list list;
	GPtrArray *stale; /* struct mark: left behind by writers that died */
	gboolean busy;	  /* mark_begin() met another writer; outlives desk_close() */
};
#define DESK_INIT                                           \
	{                                                   \
		FOLDER_INIT, { NULL, 0, 0, 0 }, NULL, FALSE \
	}
#define AUTO_DESK __attribute__((cleanup(desk_close)))

/* Opens and locks the folder, clears away what crashes left, reads the records. */
gboolean desk_open(enum half half, gboolean create, GCancellable *cancel, struct desk *desk,
		   GError **error);
/* Lets other writers in while a store is asked; desk_resume() locks and reads again. */
void desk_pause(struct desk *desk);
gboolean desk_resume(struct desk *desk, GCancellable *cancel, GError **error);
/* Also has the stale halves taken out, in a thread of its own, where their store is open. */
void desk_close(struct desk *desk);

/* NULL where there is none. */
const struct record *desk_by_name(const struct desk *desk, const char *name);
const struct record *desk_by_label(const struct desk *desk, const char *label);
const struct record *desk_by_id(const struct desk *desk, const void *id, size_t length);
const struct record *desk_by_spki(const struct desk *desk, const guint8 spki_hash[32]);

/* The commit: puts the record in its file's place, or takes the file away. When either returns FALSE
 * nothing has changed.
 */
gboolean desk_write(struct desk *desk, const struct record *record, GError **error);
gboolean desk_write_bytes(struct desk *desk, const char *name, GBytes *bytes, GError **error);
gboolean desk_erase(struct desk *desk, const char *name, GError **error);
/* A record's bytes as they are; NULL (and no error) where there is none. */
GBytes *desk_bytes(struct desk *desk, const char *name);
void desk_new_name(const struct desk *desk, char name[RECORD_NAME_LENGTH + 1]);

/* identity-mark.c. Under the lock. DEVID_TIMEOUT where another writer is at this very half. */
struct mark *mark_begin(struct desk *desk, const struct store *store, const char *spki_hex,
			GError **error);
/* After a failed write, its desk closed: TRUE, a moment later and `error` cleared, where it met another
 * writer and is worth a new beginning; `*until` is 0 at first.
 */
gboolean mark_try_again(const struct desk *desk, gint64 *until, const struct store_wait *wait,
			GError **error);
/* Writes the half that was marked; not under the lock. */
gboolean mark_write(struct mark *mark, const char *label, const struct secret *pkcs8,
		    const struct store_wait *wait, GError **error);
/* Ends a mark, not under the lock: where no record names the half, it is taken out of its store first;
 * if that fails the mark stays for the next writer. Consumes `mark` (NULL is harmless).
 */
gboolean mark_end(struct mark *mark, const struct store_wait *wait, GError **error);
/* The same after a failure, when nobody can wait longer for a store that just did not answer: then the
 * mark is left as it is.
 */
void mark_settle(struct mark *mark);
/* Lets go of it without looking: as if its writer had died. */
void mark_drop(struct mark *mark);
gboolean mark_sweep(struct desk *desk, GError **error);
void mark_clear_stale(GPtrArray *stale);

#endif
