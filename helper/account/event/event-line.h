/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The line of an event as text, before and after a JSON parser sees it. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <json-glib/json-glib.h>

/* Whether a line can be an event: one object that holds nothing but strings and numbers. A parser
 * that calls itself for each bracket never sees a line that is made of them.
 */
bool event_line_is_flat(const char *line, gsize length);
/* The line as an object, which is the parser's until its next line; NULL: it is none. */
JsonObject *event_line_parse(JsonParser *parser, const char *line, gsize length);

/* How many times it happened: "count", where several are told as one. */
gint64 event_count(JsonObject *object);
