/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An agent's answer to STATUS: of another version, or of another program. What is no such answer is
 * as if nothing had been said.
 */
#include <string.h>
#include "fuzz.h"
#include "base/json-value.h"
#include "identity/agent-look.h"

static int depth_of(JsonNode *node)
{
	g_autoptr(GList) inside =
		JSON_NODE_HOLDS_OBJECT(node)  ? json_object_get_values(json_node_get_object(node))
		: JSON_NODE_HOLDS_ARRAY(node) ? json_array_get_elements(json_node_get_array(node))
					      : NULL;
	int depth = 0;

	for (GList *at = inside; at; at = at->next) {
		int below = depth_of(at->data);

		depth = MAX(depth, below);
	}
	return depth + (JSON_NODE_HOLDS_OBJECT(node) || JSON_NODE_HOLDS_ARRAY(node));
}

/* Members at any place, of any type: one of another type is as if it were not there. */
static void read_members(JsonObject *object)
{
	static const char *const names[] = { "version", "pid",	  "keys", "asking",
					     "account", "stores", "gone", "problem" };

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		const char *text = json_value_text(object, names[i]);
		JsonNode *node = object ? json_object_get_member(object, names[i]) : NULL;
		GType type = node && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_value_type(node)
								 : G_TYPE_INVALID;

		FUZZ_CHECK((text != NULL) == (type == G_TYPE_STRING));
		FUZZ_CHECK(!text || g_utf8_validate(text, -1, NULL));
		FUZZ_CHECK(type == G_TYPE_INT64 || json_value_number(object, names[i], -7) == -7);
		FUZZ_CHECK(type == G_TYPE_BOOLEAN || !json_value_flag(object, names[i]));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(JsonParser) parser = json_parser_new();
	g_autofree char *text = g_strndup((const char *)data, size);
	JsonObject *status, *store;

	g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR);
	status = json_value_document(parser, text);
	FUZZ_CHECK(!status || depth_of(json_parser_get_root(parser)) <= JSON_DEPTH_MAX);
	read_members(status);
	read_members(json_value_object(status, "account"));
	store = agent_status_store(status, "keyring");
	read_members(store);
	FUZZ_CHECK(!store || json_value_count(status, "stores") > 0);
	return 0;
}
