/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The line of an event as text, before and after a JSON parser sees it. */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

/* The line, NUL-ended, as an object that holds nothing but strings and numbers, which is the
 * parser's until its next line; NULL: it is none. A parser that calls itself for each bracket never
 * sees a line that is made of them.
 */
JsonObject *event_line_parse(JsonParser *parser, const char *line, gsize length);

/* How many times it happened: "count", where several are told as one. */
gint64 event_count(JsonObject *object);
