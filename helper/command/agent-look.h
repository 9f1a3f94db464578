/* What an agent says of itself, for commands that only look. */
#ifndef COMMAND_AGENT_LOOK_H
#define COMMAND_AGENT_LOOK_H

#include "command.h"

struct agent_look {
	bool running;
	enum devid_result result; /* of connecting, then of asking */
	char *problem;		  /* there is something, and it doesn't answer as it should */
	JsonParser *parser;
	JsonObject *status; /* of the parser; NULL where not running */
};
#define AUTO_AGENT_LOOK __attribute__((cleanup(agent_look_clear)))

void agent_look(enum half half, enum client_start start, struct agent_look *look);
void agent_look_clear(struct agent_look *look);
/* How one of its stores is: "ready", "locked", "missing", with *why or NULL; NULL: it doesn't say. Both
 * belong to the look.
 */
const char *agent_look_store(const struct agent_look *look, const char *name, const char **why);

#endif
