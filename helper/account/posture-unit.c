/* Unit=: states of systemd's units, asked for over D-Bus. */
#include <string.h>
#include "posture-private.h"

#define UNIT_NAME_MAX 255

/* A state that can be asked for. */
static const char *const states[] = { "active", "inactive", "enabled", "disabled", "masked", NULL };

gboolean unit_name_is_sound(const char *name)
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
static char *accept_one(const char *text)
{
	const char *colon = strrchr(text, ':');
	g_autofree char *name = NULL;

	if (colon && strchr(colon, '.'))
		colon = NULL;
	name = colon ? g_strndup(text, colon - text) : g_strdup(text);
	if (!unit_name_is_sound(name))
		return g_strdup_printf("has \"%s\", which is no unit's name (as NAME.service)",
				       name);
	if (colon && !g_strv_contains(states, colon + 1)) {
		g_autofree char *words = g_strjoinv(", ", (char **)states);

		return g_strdup_printf("has \"%s\": the state is none of: %s", text, words);
	}
	return NULL;
}

char *unit_accept(const char *value)
{
	return posture_accept_each(value, accept_one);
}
