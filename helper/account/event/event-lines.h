/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines of a log, one at a time, whatever the size of the log and of a line. */
#pragma once

#include <glib.h>

/* No event is longer; what is, is skipped. */
#define EVENT_LINE_MAX (64 * 1024)

struct event_lines;

/* Takes the descriptor. `silence_ms`: how long a pipe may say nothing; 0: it isn't asked. Never
 * NULL. */
struct event_lines *event_lines_new(int fd, int silence_ms);
void event_lines_free(struct event_lines *lines);
/* The next line without its LF, ended by NUL, until the next call; NULL: there is none, or it could
 * not be read (event_lines_error()). Empty lines are passed over.
 */
const char *event_lines_next(struct event_lines *lines, gsize *length);
/* Lines that were too long, held a NUL or had no end: it was torn, or is being written. */
guint64 event_lines_skipped(const struct event_lines *lines);
/* The errno value that ended it; 0: its end. */
int event_lines_error(const struct event_lines *lines);

typedef struct event_lines event_lines;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(event_lines, event_lines_free)
