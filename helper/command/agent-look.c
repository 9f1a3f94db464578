/* What an agent says of itself, for commands that only look. */
#include <stdlib.h>

#include "agent-look.h"

void agent_look(enum half half, enum client_start start, struct agent_look *look)
{
	AUTO_CLIENT struct client client = CLIENT_INIT;
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT, reply = WIRE_FRAME_INIT;
	g_autoptr(GError) error = NULL;
	char *text;

	look->parser = json_parser_new();
	look->result = client_connect(&client, half, start);
	if (look->result != DEVID_OK) {
		if (look->result != DEVID_AGENT_GONE)
			look->problem = g_strdup(devid_reason_for(look->result)->cause);
		return;
	}
	look->running = true;
	wire_begin(&request, WIRE_STATUS);
	if (!agent_call(&client, &request, &reply, &error)) {
		look->result = devid_error_result(error);
		look->problem = g_strdup(error->message);
		return;
	}
	text = wire_get_text(&reply, TAG_STATUS);
	if (text != NULL && json_parser_load_from_data(look->parser, text, -1, NULL) &&
	    JSON_NODE_HOLDS_OBJECT(json_parser_get_root(look->parser)))
		look->status = json_node_get_object(json_parser_get_root(look->parser));
	free(text);
}

void agent_look_clear(struct agent_look *look)
{
	g_clear_pointer(&look->problem, g_free);
	g_clear_object(&look->parser);
}

const char *agent_look_store(const struct agent_look *look, const char *name, const char **why)
{
	JsonArray *stores = look->status != NULL && json_object_has_member(look->status, "stores")
				    ? json_object_get_array_member(look->status, "stores")
				    : NULL;

	*why = NULL;
	for (guint i = 0; stores != NULL && i < json_array_get_length(stores); i++) {
		JsonObject *store = json_array_get_object_element(stores, i);

		if (g_strcmp0(json_object_get_string_member_with_default(store, "name", ""),
			      name) != 0)
			continue;
		*why = json_object_get_string_member_with_default(store, "why", NULL);
		return json_object_get_string_member_with_default(store, "state", "missing");
	}
	return NULL;
}
