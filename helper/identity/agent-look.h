/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an agent says of itself, for commands that only look. */
#pragma once

#include <internal/client.h>
#include <internal/path.h>
#include <internal/wire.h>

struct agent_look {
	bool running;
	enum devid_result result; /* of connecting, then of asking */
	char *problem; /* there is something, and it doesn't answer as it should (DEVID_DENIED of
			* the machine's to others than root: it does) */
	JsonParser *parser;
	JsonObject *status; /* of the parser; NULL where not running */
};
#define AUTO_AGENT_LOOK __attribute__((cleanup(agent_look_clear)))

void agent_look(enum scope scope, enum client_start start, struct agent_look *look);
void agent_look_clear(struct agent_look *look);
/* The object of a reply to STATUS or FORGET (protocol.md), the parser's; NULL: it holds none. */
JsonObject *agent_status(const struct wire_frame *reply, JsonParser *parser);
/* One of its stores, an object with "name", "title", "state" ("ready", "locked", "missing") and
 * "why"; NULL: it says nothing of it. `status` may be NULL.
 */
JsonObject *agent_status_store(JsonObject *status, const char *name);
