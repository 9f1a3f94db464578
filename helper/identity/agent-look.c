/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an agent says of itself, for commands that only look. */
#include <stdlib.h>
#include <devid/reason.h>

#include "base/error.h"
#include "base/json-value.h"
#include "agent-look.h"
#include "agent.h"

void agent_look(enum scope scope, enum client_start start, struct agent_look *look)
{
	AUTO_CLIENT struct client client = CLIENT_INIT;
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT, reply = WIRE_FRAME_INIT;
	g_autoptr(GError) error = NULL;

	look->parser = json_parser_new();
	look->result = client_connect(&client, scope, start);
	if (look->result != DEVID_OK) {
		if (look->result != DEVID_AGENT_GONE)
			look->problem = g_strdup(devid_reason_for(look->result)->cause);
		return;
	}
	look->running = true;
	wire_begin(&request, WIRE_STATUS);
	if (!agent_ask(&client, &request, &reply, &error)) {
		look->result = devid_error_result(error);
		/* That it doesn't answer everybody is as it should be. */
		if (scope != SCOPE_SYSTEM || look->result != DEVID_DENIED)
			look->problem = g_strdup(error->message);
		return;
	}
	look->status = agent_status(&reply, look->parser);
}

void agent_look_clear(struct agent_look *look)
{
	g_clear_pointer(&look->problem, g_free);
	g_clear_object(&look->parser);
}

JsonObject *agent_status(const struct wire_frame *reply, JsonParser *parser)
{
	char *text = wire_get_text(reply, TAG_STATUS);
	JsonObject *status = !text ? NULL : json_value_document(parser, text);

	free(text);
	return status;
}

JsonObject *agent_status_store(JsonObject *status, const char *name)
{
	for (guint i = 0; i < json_value_count(status, "stores"); i++) {
		JsonObject *store = json_value_item(status, "stores", i);

		if (g_strcmp0(json_value_text(store, "name"), name) == 0)
			return store;
	}
	return NULL;
}
