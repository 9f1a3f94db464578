/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON from outside, read by type: what is not there and what is of another type are the same, and
 * json-glib never hears of what it would complain of.
 */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <json-glib/json-glib.h>

/* The object that `text` (NUL-ended) is, the parser's until its next document; NULL: it is none, or
 * nested deeper than JSON_DEPTH_MAX: the parser calls itself for each bracket.
 */
#define JSON_DEPTH_MAX 32
JsonObject *json_value_document(JsonParser *parser, const char *text);
/* The same, nested no deeper than that. */
JsonObject *json_value_bounded(JsonParser *parser, const char *text, int depth_max);

/* Members; `object` may be NULL. */
const char *json_value_text(JsonObject *object, const char *name);		  /* or NULL */
gint64 json_value_number(JsonObject *object, const char *name, gint64 otherwise); /* a whole one */
bool json_value_flag(JsonObject *object, const char *name);
JsonObject *json_value_object(JsonObject *object, const char *name); /* or NULL */

bool json_value_is_array(JsonObject *object, const char *name);
/* Of a member that is an array: how many it holds, and those that are objects (else NULL). */
guint json_value_count(JsonObject *object, const char *name);
JsonObject *json_value_item(JsonObject *object, const char *name, guint index);
