/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of an event log: what a reader takes for events, and what is left of them when the log is
 * shared out. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "fuzz.h"
#include "account/event/event-line.h"
#include "base/json-value.h"
#include "account/event/event-lines.h"
#include "account/event/event-share.h"

#define ROOM 4096

static struct event_lines *lines_of(const void *data, size_t size)
{
	int fd = memfd_create("lines", MFD_CLOEXEC);

	FUZZ_CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size &&
		   lseek(fd, 0, SEEK_SET) == 0);
	return event_lines_new(fd, 0);
}

/* How often all of it happened; every line that is handed out is whole. */
static gint64 count(const void *data, size_t size)
{
	g_autoptr(event_lines) lines = lines_of(data, size);
	g_autoptr(JsonParser) parser = json_parser_new();
	const char *line;
	gint64 sum = 0;
	gsize length;

	while ((line = event_lines_next(lines, &length))) {
		JsonObject *event = event_line_parse(parser, line, length);

		FUZZ_CHECK(length > 0 && length < EVENT_LINE_MAX && strlen(line) == length);
		if (event && json_value_text(event, "time"))
			sum += event_count(event);
	}
	FUZZ_CHECK(event_lines_error(lines) == 0);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct event_lines *lines = lines_of(data, size);
	g_autofree char *shared = NULL;
	gsize length = 0;

	g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR);
	shared = event_share(lines, ROOM, &length);
	event_lines_free(lines);
	FUZZ_CHECK(length <= ROOM && strlen(shared) == length);
	FUZZ_CHECK(length == 0 || shared[length - 1] == '\n');
	/* Nothing is made up. */
	FUZZ_CHECK(count(shared, length) <= count(data, size));
	return 0;
}
