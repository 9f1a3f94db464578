/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Event lines: see event-line.h. */
#include "base/json-value.h"
#include "event-line.h"

bool event_line_is_flat(const char *line, gsize length)
{
	bool inside = false;
	unsigned open = 0;

	for (gsize i = 0; i < length; i++) {
		if (inside && line[i] == '\\')
			i++;
		else if (line[i] == '"')
			inside = !inside;
		else if (!inside && (line[i] == '[' || (line[i] == '{' && ++open > 1)))
			return false;
	}
	return open == 1 && !inside;
}

JsonObject *event_line_parse(JsonParser *parser, const char *line, gsize length)
{
	JsonNode *root;

	if (!event_line_is_flat(line, length) ||
	    !json_parser_load_from_data(parser, line, (gssize)length, NULL))
		return NULL;
	root = json_parser_get_root(parser);
	return root && JSON_NODE_HOLDS_OBJECT(root) ? json_node_get_object(root) : NULL;
}

gint64 event_count(JsonObject *object)
{
	return CLAMP(json_value_number(object, "count", 1), 1, G_MAXINT32);
}
