/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The data folder: opened without following anybody's links, locked by one writer at a time, and
 * every file in it written whole or not at all (data/doc/formats.md).
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <gio/gio.h>
#include <internal/path.h>
#include <internal/secret.h>

struct folder {
	int fd;	  /* -1: not open */
	int lock; /* -1: not locked yet */
	enum scope scope;
	char *path;
};
#define FOLDER_INIT ((struct folder){ -1, -1, SCOPE_USER, NULL })
#define AUTO_FOLDER __attribute__((cleanup(folder_close)))

/* A file in one piece: NAME.tmp made anew, written, synced; then renamed over NAME. What needs room
 * on the disk is done by the first; folder_sync() makes the names last.
 */
bool folder_prepare(struct folder *folder, const char *name, mode_t mode, const void *data,
		    gsize length, GError **error);
bool folder_publish(struct folder *folder, const char *name, GError **error);
/* Both. */
bool folder_write(struct folder *folder, const char *name, mode_t mode, const void *data,
		  gsize length, GError **error);
bool folder_sync(struct folder *folder, GError **error);
/* A regular file of ours, no link, not writable by others (`private`: not readable either), of at
 * most `limit` bytes. DEVID_NOT_FOUND where there is none.
 */
bool folder_read(struct folder *folder, const char *name, gsize limit, bool private,
		 struct secret *content, GError **error);
/* Taking away what isn't there is not an error. */
bool folder_remove(struct folder *folder, const char *name, GError **error);
/* Names in the folder that end in `suffix`, newly allocated. */
GPtrArray *folder_names(struct folder *folder, const char *suffix, GError **error);

/* The number in `generation` grows, which tells readers that something changed: prepared before the
 * change, published after it. Under the lock.
 */
bool folder_prepare_generation(struct folder *folder, GError **error);
bool folder_publish_generation(struct folder *folder, GError **error);

/* Records are for every user to read on the system token. */
mode_t folder_record_mode(enum scope scope);

#define FOLDER_TEMPORARY ".tmp"
