/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What AppArmor and SELinux refused to devid and to the programs that it configures, as far as it
 * was logged where this user can read it.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <internal/cleanup.h>
#include <stdbool.h>

#include "command/profile/profile.h"
#include "support.h"

#define TAIL_BYTES  (1024 * 1024)
#define LINES_MAX   3
#define RECORD_SIZE 8192 /* of /dev/kmsg, which answers one a read */

struct log {
	guint count;
	GQueue lines; /* char*, the last few */
};

static bool is_denial(const char *line)
{
	return strstr(line, "apparmor=\"DENIED\"") ||
	       (strstr(line, "avc:") && strstr(line, "denied"));
}

/* `name="/usr/sbin/swanctl"` in an audit record: whose program of ours that is, or nobody's. */
static bool names_client(const char *line, const char *field)
{
	const char *value = strstr(line, field);
	g_autofree char *word = NULL, *program = NULL;

	if (!value)
		return false;
	value += strlen(field);
	word = g_strndup(value, strcspn(value, "\""));
	program = g_path_get_basename(word);
	return profile_has_program(program);
}

/* Our own programs, module, folders and sockets have our name in theirs; what a client of ours was
 * refused (a CA's certificate, its own configuration) need not.
 */
static bool is_ours(const char *line)
{
	return strstr(line, "devid") || names_client(line, " profile=\"") ||
	       names_client(line, " comm=\"");
}

static void take_line(struct log *log, const char *line)
{
	if (!is_denial(line) || !is_ours(line))
		return;
	log->count++;
	g_queue_push_tail(&log->lines, g_strndup(line, 300));
	if (log->lines.length > LINES_MAX)
		g_free(g_queue_pop_head(&log->lines));
}

static void take_text(struct log *log, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (gsize i = 0; lines[i] != NULL; i++)
		take_line(log, lines[i]);
}

/* A file from its last part on; of the kernel's buffer all. An errno; 0: it was read. */
static int read_log(const char *name, struct log *log)
{
	g_autofree char *path = doctor_path(name);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	g_autoptr(GString) text = g_string_new(NULL);
	char record[RECORD_SIZE];
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return errno;
	if (S_ISREG(status.st_mode) && status.st_size > TAIL_BYTES)
		lseek(fd, -TAIL_BYTES, SEEK_END);
	for (gsize total = 0; total < 4 * TAIL_BYTES;) {
		ssize_t got = read(fd, record, sizeof(record));

		/* EPIPE: older records were overwritten meanwhile. */
		if (got < 0 && (errno == EPIPE || errno == EINTR))
			continue;
		if (got < 0 && errno != EAGAIN)
			return errno;
		if (got <= 0)
			break;
		g_string_append_len(text, record, got);
		total += (gsize)got;
	}
	take_text(log, text->str);
	return 0;
}

void doctor_denials(struct doctor *doctor)
{
	static const char *const logs[] = { "/dev/kmsg", "/var/log/audit/audit.log" };
	struct log log = { .count = 0, .lines = G_QUEUE_INIT };
	g_autoptr(GString) unread = g_string_new(NULL);
	guint read = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(logs); i++) {
		int error = read_log(logs[i], &log);

		if (error == 0)
			read++;
		else
			g_string_append_printf(unread, "%s%s: %s", unread->len == 0 ? "" : "; ",
					       logs[i], g_strerror(error));
	}
	for (GList *line = log.lines.head; line != NULL; line = line->next)
		doctor_tell(doctor, OUTCOME_WARN,
			    line->next ? NULL
				       : "allow it in the profile, or in a local addition: see "
					 "/usr/share/doc/devid/apparmor",
			    "denied: %s", (const char *)line->data);
	if (log.count > LINES_MAX)
		doctor_tell(doctor, OUTCOME_WARN, NULL, "… and %u more before",
			    log.count - LINES_MAX);
	if (log.count == 0 && read > 0)
		doctor_tell(doctor, OUTCOME_PASS, NULL, "none is logged");
	else if (read == 0)
		doctor_tell(doctor, OUTCOME_SKIP, NULL, "no log can be read: %s", unread->str);
	g_queue_clear_full(&log.lines, g_free);
}
