/* What changes an identity, through the agent. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "change.h"

gboolean change_allowed(enum half half, GError **error)
{
	if (half != HALF_SYSTEM || geteuid() == 0)
		return TRUE;
	devid_error_set(error, DEVID_DENIED, NULL, "run it as root",
			"only root may change the machine's identities");
	return FALSE;
}

/* Every WARNING of a reply. */
static void take_warnings(const struct wire_frame *reply, GPtrArray *warnings)
{
	struct wire_field field;
	bool more = wire_get(reply, TAG_WARNING, &field);

	for (; more; more = wire_next(reply, &field)) {
		g_autofree char *text = g_strndup((const char *)field.data, field.length);

		if (warnings == NULL)
			report_warning("%s", text);
		else
			g_ptr_array_add(warnings, g_steal_pointer(&text));
	}
}

gboolean change_remove(struct client *client, const struct identity *identity, GPtrArray *warnings,
		       GError **error)
{
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT, reply = WIRE_FRAME_INIT;

	wire_begin(&request, WIRE_REMOVE);
	wire_put_text(&request, TAG_NAME, identity->record->name);
	if (!agent_call(client, &request, &reply, error))
		return FALSE;
	take_warnings(&reply, warnings);
	return TRUE;
}
