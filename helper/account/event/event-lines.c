/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines of a log: see event-lines.h. */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include "event-lines.h"

struct event_lines {
	int fd;
	int silence_ms;
	int number; /* errno */
	bool over;  /* the line in the buffer was too long already: its rest goes */
	guint64 skipped;
	gsize start, end;	    /* what is not handed out yet */
	char bytes[EVENT_LINE_MAX]; /* a line and its LF */
};

struct event_lines *event_lines_new(int fd, int silence_ms)
{
	struct event_lines *lines = g_new(struct event_lines, 1);

	lines->fd = fd;
	lines->silence_ms = silence_ms;
	lines->number = 0;
	lines->over = false;
	lines->skipped = 0;
	lines->start = lines->end = 0;
	return lines;
}

void event_lines_free(struct event_lines *lines)
{
	if (!lines)
		return;
	close(lines->fd);
	g_free(lines);
}

/* False: nothing more comes. */
static bool fill(struct event_lines *lines)
{
	struct pollfd silent = { lines->fd, POLLIN, 0 };
	ssize_t got;

	memmove(lines->bytes, lines->bytes + lines->start, lines->end - lines->start);
	lines->end -= lines->start;
	lines->start = 0;
	if (lines->end == sizeof(lines->bytes)) {
		lines->over = true;
		lines->end = 0;
	}
	for (;;) {
		if (lines->silence_ms > 0 && poll(&silent, 1, lines->silence_ms) == 0) {
			lines->number = ETIMEDOUT;
			return false;
		}
		got = read(lines->fd, lines->bytes + lines->end, sizeof(lines->bytes) - lines->end);
		if (got >= 0 || (errno != EINTR && errno != EAGAIN))
			break;
		/* A pipe that nobody watches over is not waited for. */
		if (errno == EAGAIN && lines->silence_ms == 0)
			break;
	}
	if (got < 0)
		lines->number = errno;
	if (got > 0)
		lines->end += (gsize)got;
	return got > 0;
}

const char *event_lines_next(struct event_lines *lines, gsize *length)
{
	for (;;) {
		char *line = lines->bytes + lines->start;
		char *stop = memchr(line, '\n', lines->end - lines->start);
		bool over = lines->over;

		if (!stop && !fill(lines)) {
			lines->skipped += lines->over || lines->end > lines->start;
			lines->over = false;
			lines->start = lines->end = 0;
			return NULL;
		}
		if (!stop)
			continue;
		*stop = '\0';
		*length = (gsize)(stop - line);
		lines->start = (gsize)(stop + 1 - lines->bytes);
		lines->over = false;
		if (!over && *length > 0 && strlen(line) == *length)
			return line;
		lines->skipped += over || *length > 0;
	}
}

guint64 event_lines_skipped(const struct event_lines *lines)
{
	return lines->skipped;
}

int event_lines_error(const struct event_lines *lines)
{
	return lines->number;
}
