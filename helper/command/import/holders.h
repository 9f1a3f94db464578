/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs that may go on with what they found of an identity, and what each needs to find it anew.
 */
#pragma once

#include <json-glib/json-glib.h>
#include "identity/holder.h"

/* A line each below `head`, on standard error; nothing where there are none. */
void holders_tell(const GPtrArray *holders, const char *head);
void holders_json(JsonBuilder *builder, const char *name, const GPtrArray *holders);
