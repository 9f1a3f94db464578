/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files that are believed only where nobody else could have written them. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <glib.h>

/* Opens a folder below `at` (AT_FDCWD: an absolute or relative path) for reading. It must be owned
 * by root or `owner`, and be writable by its owner alone. `follow`: the last step may be a link.
 * Answers the descriptor; or -1 with errno, and for a refused one errno 0 and *why (static words).
 */
int trusted_open_folder(int at, const char *path, uid_t owner, bool follow, const char **why);

/* Reads a regular file of at most `limit` bytes below the folder `at`, under the same rules; each
 * step of `path` but the last is opened as trusted_open_folder() does, links are refused
 * everywhere, and an absolute path begins at "/". NULL with *why set (free it): "it is a link", …
 */
GBytes *trusted_read(int at, const char *path, uid_t owner, gsize limit, char **why);
