/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Unit=: states of systemd's units, asked for over D-Bus (org.freedesktop.systemd1(5)). */
#include <string.h>
#include "base/bus.h"
#include "base/row.h"
#include "posture-support.h"
#include "posture-table.h"
#include "posture-unit.h"

#define UNIT_NAME_MAX 255
/* Longer than a run: who gives up first is the run, and that cancels the call. */
#define CALL_BOUND_MS 10000
#define SYSTEMD	      "org.freedesktop.systemd1"

/* A state that can be asked for, the property that tells, and what it has to be. */
static const struct state {
	const char *name;
	const char *property;
	const char *values[4]; /* NULL-ended */
} states[] = {
	{ "active", "ActiveState", { "active", "reloading", "refreshing" } },
	{ "inactive", "ActiveState", { "inactive", "failed" } },
	{ "enabled", "UnitFileState", { "enabled", "enabled-runtime" } },
	/* "": there is no such unit */
	{ "disabled", "UnitFileState", { "disabled", "masked", "" } },
	{ "masked", "UnitFileState", { "masked", "masked-runtime" } },
};

bool posture_unit_name_is_sound(const char *name)
{
	static const char *const kinds[] = { "service", "socket", "timer", "mount",	"path",
					     "target",	"swap",	  "slice", "automount", NULL };
	const char *dot = strrchr(name, '.');

	return dot && dot > name && strlen(name) <= UNIT_NAME_MAX &&
	       g_strv_contains(kinds, dot + 1) &&
	       name[strspn(name, "0123456789abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ:-_.\\@")] == '\0';
}

/* "NAME.service" or "NAME.service:STATE"; a name may hold colons itself. */
static char *split_state(const char *text, const char **state)
{
	const char *colon = strrchr(text, ':');

	if (colon && strchr(colon, '.'))
		colon = NULL;
	*state = colon ? colon + 1 : "active";
	return colon ? g_strndup(text, colon - text) : g_strdup(text);
}

char *posture_unit_accept(const char *text)
{
	const char *state;
	g_autofree char *name = split_state(text, &state);

	if (!posture_unit_name_is_sound(name))
		return g_strdup_printf("has \"%s\", which is no unit's name (as NAME.service)",
				       name);
	if (!ROW_CALLED(states, state))
		return g_strdup_printf("has \"%s\": the state is none of: active, inactive, "
				       "enabled, disabled, masked",
				       text);
	return NULL;
}

void posture_unit_link_clear(struct unit_link *link)
{
	g_clear_object(&link->connection);
}

static GVariant *call(struct unit_link *link, const char *path, const char *interface,
		      const char *method, GVariant *arguments, const char *reply, GError **error)
{
	return g_dbus_connection_call_sync(link->connection, SYSTEMD, path, interface, method,
					   arguments, G_VARIANT_TYPE(reply),
					   G_DBUS_CALL_FLAGS_NO_AUTO_START, CALL_BOUND_MS,
					   link->place->cancel, error);
}

/* A property that is a text; NULL with *error. */
static char *get_property(struct unit_link *link, const char *path, const char *name,
			  GError **error)
{
	g_autoptr(GVariant) reply =
		call(link, path, "org.freedesktop.DBus.Properties", "Get",
		     g_variant_new("(ss)", SYSTEMD ".Unit", name), "(v)", error);
	g_autoptr(GVariant) value = NULL;

	if (!reply)
		return NULL;
	g_variant_get(reply, "(v)", &value);
	if (!g_variant_is_of_type(value, G_VARIANT_TYPE_STRING)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s is no text", name);
		return NULL;
	}
	return g_variant_dup_string(value, NULL);
}

/* The object of a unit; loading one that is not there is no error, it is then "not-found". */
static char *load_unit(struct unit_link *link, const char *name, GError **error)
{
	g_autoptr(GVariant) reply = call(link, "/org/freedesktop/systemd1", SYSTEMD ".Manager",
					 "LoadUnit", g_variant_new("(s)", name), "(o)", error);
	char *path = NULL;

	if (reply)
		g_variant_get(reply, "(o)", &path);
	return path;
}

static enum devid_answer tell_fault(const GError *error, char **found)
{
	if (g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN) ||
	    g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER))
		*found = g_strdup("systemd does not run here");
	else if (g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY) ||
		 g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
		*found = g_strdup("systemd did not answer");
	else
		*found = g_strdup_printf("systemd can't be asked: %s", error->message);
	return DEVID_ANSWER_UNKNOWN;
}

static enum devid_answer ask(struct unit_link *link, const char *name, const char *wanted,
			     char **found)
{
	const struct state *state = ROW_CALLED(states, wanted);
	g_autoptr(GError) error = NULL;
	g_autofree char *path = NULL;
	g_autofree char *value = NULL;
	g_autofree char *loaded = NULL;

	if (!link->connection)
		link->connection = bus_open_system(link->place->cancel, &error);
	if (!link->connection) {
		*found = g_strdup_printf("systemd can't be asked without a system bus: %s",
					 error->message);
		return DEVID_ANSWER_UNKNOWN;
	}
	path = load_unit(link, name, &error);
	value = path ? get_property(link, path, state->property, &error) : NULL;
	loaded = value ? get_property(link, path, "LoadState", &error) : NULL;
	if (!loaded)
		return tell_fault(error, found);
	if (strcmp(loaded, "not-found") == 0)
		*found = g_strdup_printf("%s is not installed", name);
	else
		*found = g_strdup_printf("%s is %.64s", name, *value ? value : "in no state");
	return g_strv_contains(state->values, value) ? DEVID_ANSWER_PASS : DEVID_ANSWER_FAIL;
}

enum devid_answer posture_unit_ask(struct unit_link *link, const char *name, const char *state,
				   struct posture_sum *sum)
{
	char *found;
	enum devid_answer answer = ask(link, name, state, &found);

	posture_sum_add(sum, answer, found);
	return answer;
}

enum devid_answer posture_unit_run(char **words, const struct posture_place *place, char **message)
{
	AUTO_UNIT_LINK struct unit_link link = { place, NULL };
	struct posture_sum sum = { { NULL } };

	for (; *words; words++) {
		const char *state;
		g_autofree char *name = split_state(*words, &state);

		posture_unit_ask(&link, name, state, &sum);
	}
	return posture_sum_all(&sum, message);
}
