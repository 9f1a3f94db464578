/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON from outside: see json-value.h. */
#include "json-value.h"

static bool is_shallow(const char *text, int depth_max)
{
	bool quoted = false;
	int depth = 0;

	for (; *text; text++) {
		if (quoted && *text == '\\' && text[1])
			text++;
		else if (*text == '"')
			quoted = !quoted;
		else if (!quoted && (*text == '[' || *text == '{') && ++depth > depth_max)
			return false;
		else if (!quoted && (*text == ']' || *text == '}'))
			depth--;
	}
	return true;
}

JsonObject *json_value_bounded(JsonParser *parser, const char *text, int depth_max)
{
	JsonNode *root;

	if (!is_shallow(text, depth_max) || !json_parser_load_from_data(parser, text, -1, NULL))
		return NULL;
	root = json_parser_get_root(parser);
	return root && JSON_NODE_HOLDS_OBJECT(root) ? json_node_get_object(root) : NULL;
}

JsonObject *json_value_document(JsonParser *parser, const char *text)
{
	return json_value_bounded(parser, text, JSON_DEPTH_MAX);
}

/* NULL: there is none of this type. */
static JsonNode *value(JsonObject *object, const char *name, GType type)
{
	JsonNode *node = object ? json_object_get_member(object, name) : NULL;

	return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type ? node
											     : NULL;
}

const char *json_value_text(JsonObject *object, const char *name)
{
	JsonNode *node = value(object, name, G_TYPE_STRING);

	return node ? json_node_get_string(node) : NULL;
}

gint64 json_value_number(JsonObject *object, const char *name, gint64 otherwise)
{
	JsonNode *node = value(object, name, G_TYPE_INT64);

	return node ? json_node_get_int(node) : otherwise;
}

bool json_value_flag(JsonObject *object, const char *name)
{
	JsonNode *node = value(object, name, G_TYPE_BOOLEAN);

	return node && json_node_get_boolean(node);
}

JsonObject *json_value_object(JsonObject *object, const char *name)
{
	JsonNode *node = object ? json_object_get_member(object, name) : NULL;

	return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static JsonArray *array(JsonObject *object, const char *name)
{
	JsonNode *node = object ? json_object_get_member(object, name) : NULL;

	return node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

bool json_value_is_array(JsonObject *object, const char *name)
{
	return array(object, name) != NULL;
}

guint json_value_count(JsonObject *object, const char *name)
{
	JsonArray *items = array(object, name);

	return items ? json_array_get_length(items) : 0;
}

JsonObject *json_value_item(JsonObject *object, const char *name, guint index)
{
	JsonArray *items = array(object, name);
	JsonNode *node = items && index < json_array_get_length(items)
				 ? json_array_get_element(items, index)
				 : NULL;

	return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}
