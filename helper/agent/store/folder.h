/* The data folder: opened without following anybody's links, locked by one writer at a time, and
 * every file in it written whole or not at all (DESIGN section 4).
 */
#ifndef AGENT_FOLDER_H
#define AGENT_FOLDER_H

#include <sys/types.h>
#include <gio/gio.h>
#include <internal/path.h>
#include <internal/secret.h>

struct folder {
	int fd;	  /* -1: not open */
	int lock; /* -1: not locked yet */
	enum half half;
	char *path;
};
#define FOLDER_INIT                     \
	{                               \
		-1, -1, HALF_USER, NULL \
	}
#define AUTO_FOLDER __attribute__((cleanup(folder_close)))

/* Opens the half's data folder, which must be ours; `create` makes it and what is missing above it.
 * A folder that is not there: DEVID_NOT_FOUND. Its mode is put right (0700, system 0755).
 */
gboolean folder_open(enum half half, gboolean create, struct folder *folder, GError **error);
/* Closes, and with that ends the lock. Harmless on FOLDER_INIT and twice. */
void folder_close(struct folder *folder);

/* Waits for other writers, 5 s at most (DEVID_TIMEOUT); `cancel` may be NULL. */
gboolean folder_lock(struct folder *folder, GCancellable *cancel, GError **error);
void folder_unlock(struct folder *folder);

/* A file in one piece: NAME.tmp made anew, written, synced; then renamed over NAME. What needs room on
 * the disk is done by the first; folder_sync() makes the names last.
 */
gboolean folder_prepare(struct folder *folder, const char *name, mode_t mode, const void *data,
			gsize length, GError **error);
gboolean folder_publish(struct folder *folder, const char *name, GError **error);
/* Both. */
gboolean folder_write(struct folder *folder, const char *name, mode_t mode, const void *data,
		      gsize length, GError **error);
gboolean folder_sync(struct folder *folder, GError **error);
/* A regular file of ours, no link, not writable by others (`private`: not readable either), of at
 * most `limit` bytes. DEVID_NOT_FOUND where there is none.
 */
gboolean folder_read(struct folder *folder, const char *name, gsize limit, gboolean private,
		     struct secret *content, GError **error);
/* Taking away what isn't there is not an error. */
gboolean folder_remove(struct folder *folder, const char *name, GError **error);
/* Names in the folder that end in `suffix`, newly allocated. */
GPtrArray *folder_names(struct folder *folder, const char *suffix, GError **error);

/* The number in `generation` grows, which tells readers that something changed: prepared before the
 * change, published after it. Under the lock.
 */
gboolean folder_prepare_generation(struct folder *folder, GError **error);
gboolean folder_publish_generation(struct folder *folder, GError **error);

/* Records are for every user to read on the system token. */
mode_t folder_record_mode(enum half half);

#define FOLDER_TEMPORARY ".tmp"

/* For tests: called before each step ("create", "write", "sync", "rename", "remove", "sync-folder")
 * with the file's name; an errno that it returns fails the step.
 */
extern int (*folder_fault)(const char *step, const char *name);

#endif
