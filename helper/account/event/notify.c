/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Desktop notifications over D-Bus, by the Desktop Notifications Specification (1.2). */
#include <gio/gio.h>
#include <devid/check.h>
#include "base/bus.h"
#include "base/error.h"
#include "base/row.h"
#include "base/text.h"
#include "notify.h"

#define BOUND_MS 3000
#define SERVICE	 "org.freedesktop.Notifications"

static const struct summary {
	enum devid_result result;
	const char *summary;
} summaries[] = {
	{ DEVID_CHECK_FAILED, "Device certificate refused" },
	{ DEVID_BLOCKED, "Device certificate blocked" },
	{ DEVID_ACCOUNT_BROKEN, "Device certificate refused: the account is broken" },
	{ DEVID_KEY_MISSING, "Device key missing" },
};

static GVariant *notify_arguments(const struct notice *notice)
{
	/* A body is markup, a summary is not. */
	g_autofree char *shown = text_printable_lines(notice->body);
	g_autofree char *body = g_markup_escape_text(shown, -1);
	g_autofree char *summary = text_printable(notice->summary);
	GVariantBuilder actions, hints;

	g_variant_builder_init(&actions, G_VARIANT_TYPE("as"));
	g_variant_builder_init(&hints, G_VARIANT_TYPE("a{sv}"));
	g_variant_builder_add(&hints, "{sv}", "urgency",
			      g_variant_new_byte((guint8)notice->urgency));
	g_variant_builder_add(&hints, "{sv}", "category", g_variant_new_string("network.error"));
	return g_variant_new("(susssasa{sv}i)", "devid", 0, "dialog-password", summary, body,
			     &actions, &hints, -1);
}

const char *notify_summary(enum devid_result result)
{
	const struct summary *row = ROW_NUMBERED(summaries, (int)result);

	return row ? row->summary : NULL;
}

bool notify_show(const struct notice *notice)
{
	g_autoptr(GDBusConnection) bus = NULL;
	g_autoptr(GVariant) answer = NULL;
	struct bus_bound bound;

	bus_bound_begin(&bound, BOUND_MS);
	bus = bus_open_session(bound.cancel, NULL, NULL);
	if (bus)
		answer = g_dbus_connection_call_sync(bus, SERVICE, "/org/freedesktop/Notifications",
						     SERVICE, "Notify", notify_arguments(notice),
						     G_VARIANT_TYPE("(u)"), G_DBUS_CALL_FLAGS_NONE,
						     BOUND_MS, bound.cancel, NULL);
	bus_bound_end(&bound);
	return answer != NULL;
}

/* Nothing of a certificate or a label may look like a line of its own. */
static void add_line(GString *text, const char *before, const char *line)
{
	g_autofree char *safe = text_printable(line);

	g_string_append_printf(text, "%s%s%s", text->len ? "\n" : "", before, safe);
}

char *notify_text(const char *label, const GError *error)
{
	const char *brackets = devid_error_brackets(error), *hint = devid_error_hint(error);
	g_autofree char *before = g_strconcat(label ? label : "", ": ", NULL);
	bool told = !label || g_str_has_prefix(error->message, before);
	g_autofree char *message = g_strconcat(told ? "" : before, error->message, NULL);
	/* Brackets are escaped where they are made. */
	GString *text = g_string_new(brackets);

	add_line(text, "", message);
	if (hint)
		add_line(text, "hint: ", hint);
	return g_string_free(text, false);
}
