/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Members of a JSON object that is being built; what isn't UTF-8 in a text is made so. */
#pragma once

#include <stdbool.h>
#include <json-glib/json-glib.h>

/* A document that is one object; it is begun. */
JsonBuilder *json_begin(void);
/* Members of the object that is being built. NULL text is null. */
void json_text(JsonBuilder *builder, const char *name, const char *value);
void json_number(JsonBuilder *builder, const char *name, gint64 value);
/* An array; what isn't UTF-8 in it is made so. */
void json_texts(JsonBuilder *builder, const char *name, const GPtrArray *texts);
void json_flag(JsonBuilder *builder, const char *name, bool value);
/* What was built, as a line with its LF (g_free()); *length without NUL. Takes `root`. */
char *json_line(JsonNode *root, gsize *length);
/* A member that others are put into, until json_builder_end_object() or
 * json_builder_end_array(). */
void json_begin_object(JsonBuilder *builder, const char *name);
void json_begin_array(JsonBuilder *builder, const char *name);
