/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Event lines: see event-line.h. */
#include <string.h>
#include "base/json-value.h"
#include "event-line.h"

JsonObject *event_line_parse(JsonParser *parser, const char *line, gsize length)
{
	return strlen(line) == length ? json_value_bounded(parser, line, 1) : NULL;
}

gint64 event_count(JsonObject *object)
{
	return CLAMP(json_value_number(object, "count", 1), 1, G_MAXINT32);
}
