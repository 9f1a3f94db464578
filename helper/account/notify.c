/* Desktop notifications over D-Bus, by the Desktop Notifications Specification (1.2). */
#include <stdlib.h>
#include <string.h>
#include <gio/gio.h>
#include <devid/check.h>
#include "error.h"
#include "notify.h"

#define BOUND_MS 3000
#define SERVICE	 "org.freedesktop.Notifications"

static const struct {
	enum devid_result result;
	const char *summary;
} summaries[] = {
	{ DEVID_CHECK_FAILED, "Device certificate refused" },
	{ DEVID_BLOCKED, "Device certificate blocked" },
	{ DEVID_ACCOUNT_BROKEN, "Device certificate refused: the account is broken" },
	{ DEVID_KEY_MISSING, "Device key missing" },
};

struct showing {
	const struct notice *notice;
	GMainLoop *loop;
	GCancellable *cancellable;
	GDBusConnection *bus;
	gboolean shown;
};

static gboolean too_late(void *cancellable)
{
	g_cancellable_cancel(cancellable);
	return G_SOURCE_REMOVE;
}

static void answered(GObject *bus, GAsyncResult *result, void *data)
{
	struct showing *showing = data;
	g_autoptr(GVariant) answer =
		g_dbus_connection_call_finish(G_DBUS_CONNECTION(bus), result, NULL);

	showing->shown = answer != NULL;
	g_main_loop_quit(showing->loop);
}

static GVariant *notify_arguments(const struct notice *notice)
{
	/* A body is markup, a summary is not. */
	g_autofree char *body = g_markup_escape_text(notice->body, -1);
	GVariantBuilder actions, hints;

	g_variant_builder_init(&actions, G_VARIANT_TYPE("as"));
	g_variant_builder_init(&hints, G_VARIANT_TYPE("a{sv}"));
	g_variant_builder_add(&hints, "{sv}", "urgency",
			      g_variant_new_byte((guint8)notice->urgency));
	g_variant_builder_add(&hints, "{sv}", "category", g_variant_new_string("network.error"));
	return g_variant_new("(susssasa{sv}i)", "devid", 0, "dialog-password", notice->summary,
			     body, &actions, &hints, -1);
}

static void connected(GObject *source, GAsyncResult *result, void *data)
{
	struct showing *showing = data;

	(void)source;
	showing->bus = g_dbus_connection_new_for_address_finish(result, NULL);
	if (showing->bus)
		g_dbus_connection_call(showing->bus, SERVICE, "/org/freedesktop/Notifications",
				       SERVICE, "Notify", notify_arguments(showing->notice),
				       G_VARIANT_TYPE("(u)"), G_DBUS_CALL_FLAGS_NONE, BOUND_MS,
				       showing->cancellable, answered, showing);
	else
		g_main_loop_quit(showing->loop);
}

const char *notify_summary(enum devid_result result)
{
	for (gsize i = 0; i < G_N_ELEMENTS(summaries); i++)
		if (summaries[i].result == result)
			return summaries[i].summary;
	return NULL;
}

gboolean notify_show(const struct notice *notice)
{
	/* The address is given: GLib is never asked to start a bus. */
	const char *address = g_getenv("DBUS_SESSION_BUS_ADDRESS");
	struct showing showing = { .notice = notice };
	GMainContext *context;
	GSource *bound;

	if (!address || !*address)
		return FALSE;
	context = g_main_context_new();
	g_main_context_push_thread_default(context);
	showing.loop = g_main_loop_new(context, FALSE);
	showing.cancellable = g_cancellable_new();
	bound = g_timeout_source_new(BOUND_MS);
	g_source_set_callback(bound, too_late, showing.cancellable, NULL);
	g_source_attach(bound, context);
	g_dbus_connection_new_for_address(address,
					  G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
						  G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
					  NULL, showing.cancellable, connected, &showing);
	g_main_loop_run(showing.loop);
	g_source_destroy(bound);
	g_source_unref(bound);
	g_clear_object(&showing.bus);
	g_object_unref(showing.cancellable);
	g_main_loop_unref(showing.loop);
	g_main_context_pop_thread_default(context);
	g_main_context_unref(context);
	return showing.shown;
}

/* Nothing of a certificate or a label may look like a line of its own. */
static void add_line(GString *text, const char *before, const char *line)
{
	char *safe = devid_text_escape(line, strlen(line));

	g_string_append_printf(text, "%s%s%s", text->len ? "\n" : "", before, safe ? safe : "");
	free(safe);
}

char *notify_text(const char *label, const GError *error)
{
	const char *brackets = devid_error_brackets(error), *hint = devid_error_hint(error);
	g_autofree char *before = g_strconcat(label ? label : "", ": ", NULL);
	gboolean told = !label || g_str_has_prefix(error->message, before);
	g_autofree char *message = g_strconcat(told ? "" : before, error->message, NULL);
	/* Brackets are escaped where they are made. */
	GString *text = g_string_new(brackets);

	add_line(text, "", message);
	if (hint)
		add_line(text, "hint: ", hint);
	return g_string_free(text, FALSE);
}
