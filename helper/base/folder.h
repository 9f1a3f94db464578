/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of a folder that count, by the ends of their names. */
#pragma once

#include <stdbool.h>
#include <glib.h>

/* The names in the open folder `dirfd` that end in `suffix` and don't begin with a dot, in the
 * order of strcmp(). NULL with errno.
 */
GPtrArray *folder_list(int dirfd, const char *suffix);
/* Whether the folder `name` below `at` holds such a file; one that can't be looked into counts as
 * if. */
bool folder_holds(int at, const char *name, const char *suffix);
/* Whether a file's name can be shown as it is. */
bool folder_name_printable(const char *name);
