/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Moments as text, and how far away they are. */
#include <glib.h>
#include "moment.h"

#define DAY (24 * 60 * 60)

static char *format_time(time_t when, const char *format)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(when);

	return !time ? g_strdup("never") : g_date_time_format(time, format);
}

char *moment_date(time_t when)
{
	return format_time(when, "%Y-%m-%d");
}

char *moment_utc(time_t when)
{
	return format_time(when, "%Y-%m-%dT%H:%M:%SZ");
}

char *moment_local(time_t when)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(when);

	return time ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S%:z") : g_strdup("?");
}

time_t moment_read(const char *text)
{
	g_autoptr(GDateTime) time = text ? g_date_time_new_from_iso8601(text, NULL) : NULL;

	return time ? (time_t)g_date_time_to_unix(time) : 0;
}

int moment_days_left(time_t expires, time_t now)
{
	gint64 seconds = (gint64)expires - (gint64)now;
	gint64 days = seconds < 0 ? -((-seconds + DAY - 1) / DAY) : seconds / DAY;

	return (int)CLAMP(days, G_MININT, G_MAXINT);
}

char *moment_days(time_t expires, time_t now)
{
	int days = moment_days_left(expires, now);

	if (days == -1)
		return g_strdup("expired less than a day ago");
	if (days < 0)
		return g_strdup_printf("expired %d day%s ago", -days - 1, days == -2 ? "" : "s");
	return g_strdup_printf("%d day%s left", days, days == 1 ? "" : "s");
}
