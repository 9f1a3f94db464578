/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The connections that there are, of both scopes. */
#pragma once

#include <glib.h>
#include <internal/path.h>
#include "connection.h"

/* NULL without an error: there is no such file. */
struct connection *connection_load(enum scope scope, const char *name, GError **error);
/* By name, else by gateway; NULL: the only one there is. The machine's file goes before the user's
 * own. */
struct connection *connection_find(const char *operand, GError **error);
/* The names of both folders, sorted; never NULL. Files that can't be read are among them. */
GPtrArray *connection_names(void);
