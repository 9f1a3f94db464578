/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of one's own: written whole or not at all, below folders that nobody else writes to. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <gio/gio.h>

/* All of it, or false with errno. */
bool files_write_all(int fd, const void *data, gsize length);

/* A pipe with all of it in, for whoever is handed its end: that end, the other is closed. -1 with
 * errno; EAGAIN: a pipe holds less. Close-on-exec.
 */
int files_filled_pipe(const void *data, gsize length);

/* What is left to read, to its end: some files of /proc and /sys don't say how much that is. NULL
 * with errno; EFBIG: more than `most` bytes.
 */
GBytes *files_read(int fd, gsize most);

enum files_flags {
	/* A lock keeps other writers off: the temporary file has one name, and what a crash left
	   goes. */
	FILES_LOCKED = 1 << 0,
	/* EEXIST where `name` is there already, whatever it is. */
	FILES_NEW = 1 << 1,
	/* Of `mode` what the umask leaves; otherwise it is the file's mode as it stands. */
	FILES_UMASK = 1 << 2,
};

/* Puts a file in place of `name` in an open folder, or of nothing: written beside it under a hidden
 * name that ends in ".new", synced, renamed, and the folder synced. False with errno; before the
 * folder is synced what was there stays, and nothing temporary is left.
 */
bool files_replace(int folder, const char *name, mode_t mode, const void *data, gsize length,
		   unsigned flags);

/* Opens the folder `name` in the folder `path`, which are the caller's own, no links, and writable
 * by nobody else; `make`: made where they are missing, for their owner alone. -1 with errno; EPERM:
 * others own them or can write to them.
 */
int files_open_own(const char *path, const char *name, bool make);
/* The text of a regular file in such a folder, under the same rules: at most `most` bytes, without
 * a NUL among them. NULL: there is none, or none to be believed.
 */
char *files_read_own(int folder, const char *name, gsize most);

/* The lock of flock(2), waited for. False with errno; EWOULDBLOCK: another process held it all the
 * time, or `cancel` (may be NULL) was called.
 */
bool files_lock(int fd, unsigned milliseconds, GCancellable *cancel);
