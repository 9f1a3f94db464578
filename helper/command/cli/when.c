/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Moments as people write them on a command line. */
#include <stdbool.h>
#include <string.h>

#include "when.h"

static const struct {
	const char unit;
	gint64 seconds;
} units[] = {
	{ 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 604800 },
};

/* "90m": that long ago. */
static bool parse_ago(const char *text, time_t now, time_t *when)
{
	char *end = NULL;
	guint64 count = g_ascii_strtoull(text, &end, 10);

	if (!g_ascii_isdigit(*text) || strlen(end) != 1 || count > G_MAXINT32)
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(units); i++)
		if (units[i].unit == *end) {
			*when = now - (time_t)((gint64)count * units[i].seconds);
			return true;
		}
	return false;
}

/* "@1700000000", as date(1) has it. */
static bool parse_epoch(const char *text, time_t *when)
{
	char *end = NULL;
	gint64 value;

	if (*text != '@' || !g_ascii_isdigit(text[1]))
		return false;
	value = g_ascii_strtoll(text + 1, &end, 10);
	*when = (time_t)value;
	return *end == '\0' && value < G_MAXINT64;
}

/* RFC 3339, with or without seconds and zone; a day alone begins at midnight UTC. */
static bool parse_iso(const char *text, time_t *when)
{
	static const char *const tails[] = { "", "Z", "T00:00:00Z" };
	const gsize to_minutes = strlen("2026-11-22T10:00");
	const char *rest = strlen(text) < to_minutes ? "" : text + to_minutes;
	bool seconds = strlen(text) < to_minutes || *rest == ':';

	for (size_t i = 0; i < G_N_ELEMENTS(tails); i++) {
		g_autofree char *whole = seconds ? g_strconcat(text, tails[i], NULL)
						 : g_strdup_printf("%.*s:00%s%s", (int)to_minutes,
								   text, rest, tails[i]);
		g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(whole, NULL);

		if (time) {
			*when = (time_t)g_date_time_to_unix(time);
			return true;
		}
	}
	return false;
}

bool when_parse(const char *text, time_t now, time_t *when)
{
	g_autofree char *iso = g_strdup(text);
	char *space = strchr(iso, ' ');

	if (strcmp(text, "now") == 0) {
		*when = now;
		return true;
	}
	if (space)
		*space = 'T';
	return parse_epoch(text, when) || parse_ago(text, now, when) || parse_iso(iso, when);
}
