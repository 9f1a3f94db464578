/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What changes an identity, through the agent. */
#include <unistd.h>

#include "base/error.h"
#include "agent.h"
#include "change.h"
#include "front.h"

bool change_allowed(enum scope scope, GError **error)
{
	if (scope != SCOPE_SYSTEM || geteuid() == 0)
		return true;
	return devid_error_set(error, DEVID_DENIED, NULL, "run it as root",
			       "only root may change the machine's identities");
}

/* Every such text of a reply. */
static void take_texts(const struct wire_frame *reply, enum wire_tag tag, GPtrArray *warnings)
{
	struct wire_field field;
	bool more = wire_get(reply, tag, &field);

	for (; more; more = wire_next(reply, &field)) {
		g_autofree char *text = g_strndup((const char *)field.data, field.length);

		if (!warnings)
			front_warn("%s", text);
		else
			g_ptr_array_add(warnings, g_steal_pointer(&text));
	}
}

static bool ask_remove(struct client *client, const char *name, guint32 flags,
		       struct wire_frame *reply, GError **error)
{
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT;

	wire_begin(&request, WIRE_REMOVE);
	wire_put_text(&request, TAG_NAME, name);
	if (flags)
		wire_put_u32(&request, TAG_FLAGS, flags);
	return agent_ask(client, &request, reply, error);
}

static bool remove_record(struct client *client, const char *name, guint32 flags,
			  GPtrArray *warnings, GPtrArray *kept, GError **error)
{
	AUTO_FRAME struct wire_frame reply = WIRE_FRAME_INIT;

	if (!ask_remove(client, name, flags, &reply, error))
		return false;
	take_texts(&reply, TAG_WARNING, warnings);
	take_texts(&reply, TAG_KEPT, kept);
	return true;
}

bool change_retire(struct client *client, const struct identity *identity, guint32 *count,
		   GError **error)
{
	AUTO_FRAME struct wire_frame reply = WIRE_FRAME_INIT;

	if (!ask_remove(client, identity->record->name, REMOVE_FORMER, &reply, error))
		return false;
	take_texts(&reply, TAG_WARNING, NULL);
	*count = 0;
	(void)wire_get_u32(&reply, TAG_CHANGED, count);
	return true;
}

void change_settle(struct client *client, GPtrArray *warnings, GPtrArray *kept)
{
	remove_record(client, "0000000000000000", REMOVE_LEFT_BEHIND, warnings, kept, NULL);
}

bool change_remove(struct client *client, const struct identity *identity, GPtrArray *warnings,
		   GPtrArray *kept, GError **error)
{
	return remove_record(client, identity->record->name, 0, warnings, kept, error);
}
