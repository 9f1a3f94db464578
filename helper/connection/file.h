/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file of a connection. */
#pragma once

#include <glib.h>
#include <internal/path.h>
#include "connection.h"

/* The folder connections.d of one scope: its descriptor, or -1, without an error where there is
 * none. `path` has PATH_BUFFER bytes.
 */
int connection_open_folder(enum scope scope, char *path, GError **error);
/* NULL without an error: there is no such file. */
struct connection *connection_load(enum scope scope, const char *name, GError **error);
