/* Event lines: see event-line.h. */
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
