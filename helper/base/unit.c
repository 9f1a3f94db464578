/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* systemd's units: see unit.h. */
#include <string.h>
#include <glib.h>
#include "unit.h"

bool unit_is_name(const char *word)
{
	const char *dot = strrchr(word, '.');

	return dot && dot != word && dot[1] && *word != '-' && strlen(word) < 256 &&
	       strspn(word,
		      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_.\\@-") ==
		       strlen(word);
}

static bool is_manager(const char *part)
{
	return g_str_has_prefix(part, "user@") && g_str_has_suffix(part, ".service");
}

/* From the top: a service may have groups of its own below, and what is below a user's manager is
 * the user's, whatever it is called. */
static char *unit_in_path(char **parts, bool *of_user)
{
	const char *unit = NULL;

	*of_user = false;
	for (; *parts; parts++) {
		if (is_manager(*parts) && !*of_user) {
			*of_user = true;
			unit = NULL;
		} else if (!unit && g_str_has_suffix(*parts, ".service") && unit_is_name(*parts)) {
			unit = *parts;
		}
	}
	return g_strdup(unit);
}

char *unit_of_cgroup(const char *text, bool *of_user)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	char *unit = NULL;

	*of_user = false;
	for (char **line = lines; *line && !unit; line++) {
		g_auto(GStrv) parts = g_strsplit(*line, "/", -1);

		unit = unit_in_path(parts, of_user);
	}
	return unit;
}
