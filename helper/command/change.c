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
static void tell_warnings(const struct wire_frame *reply)
{
	struct wire_field field;
	bool more = wire_get(reply, TAG_WARNING, &field);

	for (; more; more = wire_next(reply, &field))
		report_warning("%.*s", (int)field.length, (const char *)field.data);
}

static void write_event(const struct identity *identity, const GError *error)
{
	struct devid_event event = {
		.type = DEVID_EVENT_DEVICE_CERTIFICATE,
		.sub_type = "Removal",
		.action = error == NULL ? "Succeeded" : "Failed",
		.reason = error == NULL ? "ok" : devid_error_reason(error),
		.failure_reason = error == NULL ? NULL : error->message,
		.label = identity->record->label,
		.certificate = identity->chain_count == 0 ? NULL : identity->chain[0],
		.validated = -1,
	};

	(void)devid_event_write(identity->half == HALF_SYSTEM, &event);
}

gboolean change_remove(struct client *client, const struct identity *identity, GError **error)
{
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT, reply = WIRE_FRAME_INIT;
	GError *failure = NULL;

	wire_begin(&request, WIRE_REMOVE);
	wire_put_text(&request, TAG_NAME, identity->record->name);
	if (agent_call(client, &request, &reply, &failure))
		tell_warnings(&reply);
	write_event(identity, failure);
	if (failure == NULL)
		return TRUE;
	g_propagate_error(error, failure);
	return FALSE;
}
