/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The system's log: journald in fields over its own socket, else one line of syslog.
 *
 * Both as one datagram that is never waited for. The library keeps its hands off openlog(): that
 * belongs to the program that it runs in.
 */
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <internal/cleanup.h>
#include "event-journal.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"
#define SYSLOG_SOCKET  "/dev/log"
#define IDENTIFIER     "devid"
#define FIELD_PREFIX   "DEVID_"
/* What every syslog daemon takes in one piece. */
#define SYSLOG_MAX 1024

static bool send_datagram(const char *path, const void *data, gsize length)
{
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (fd < 0)
		return false;
	g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
	return sendto(fd, data, length, MSG_NOSIGNAL, (struct sockaddr *)&address,
		      sizeof(address)) == (ssize_t)length;
}

/* The native protocol: NAME=value LF; with an LF in it, NAME LF, 64-bit little-endian length, value
 * LF. */
static void put_field(GString *out, const char *name, const char *value)
{
	guint64 length = GUINT64_TO_LE((guint64)strlen(value));

	g_string_append(out, name);
	if (!strchr(value, '\n')) {
		g_string_append_printf(out, "=%s\n", value);
		return;
	}
	g_string_append_c(out, '\n');
	g_string_append_len(out, (const char *)&length, sizeof(length));
	g_string_append(out, value);
	g_string_append_c(out, '\n');
}

static bool send_journal(const struct event_field *fields, gsize count, const char *message,
			 int priority)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autofree char *level = g_strdup_printf("%d", priority);
	g_autofree char *facility = g_strdup_printf("%d", LOG_FAC(LOG_AUTHPRIV));

	put_field(out, "MESSAGE", message);
	put_field(out, "PRIORITY", level);
	put_field(out, "SYSLOG_FACILITY", facility);
	put_field(out, "SYSLOG_IDENTIFIER", IDENTIFIER);
	for (gsize i = 0; i < count; i++) {
		g_autofree char *upper = g_ascii_strup(fields[i].name, -1);
		g_autofree char *name = g_strconcat(FIELD_PREFIX, upper, NULL);

		put_field(out, name, fields[i].value);
	}
	return send_datagram(JOURNAL_SOCKET, out->str, out->len);
}

static void send_syslog(const char *message, int priority)
{
	time_t now = time(NULL);
	struct tm local;
	char when[32] = "";
	g_autofree char *line = NULL;
	gsize length;

	/* RFC 3164 section 4.1.2: the month's name in English, whatever the locale. */
	if (localtime_r(&now, &local)) {
		static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

		g_snprintf(when, sizeof(when), "%.3s %2d %02d:%02d:%02d", months + 3 * local.tm_mon,
			   local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec);
	}
	line = g_strdup_printf("<%d>%s %s[%d]: %s", LOG_AUTHPRIV | priority, when, IDENTIFIER,
			       (int)getpid(), message);
	length = strlen(line);
	if (length > SYSLOG_MAX)
		length = g_utf8_find_prev_char(line, line + SYSLOG_MAX) - line;
	send_datagram(SYSLOG_SOCKET, line, length);
}

void event_journal_send(const struct event_field *fields, gsize count, const char *message,
			int priority)
{
	if (!send_journal(fields, count, message, priority))
		send_syslog(message, priority);
}
