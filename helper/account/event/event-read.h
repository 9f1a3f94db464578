/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading logs: all files of the user's, the machine's or both as one, oldest first, a line at a
 * time. */
#pragma once

#include <stdbool.h>
#include <time.h>
#include <json-glib/json-glib.h>
#include <devid/result.h>

struct event_reader;

/* What happened before `since` is passed over; 0: nothing is. Never NULL. */
struct event_reader *event_reader_new(time_t since);
void event_reader_free(struct event_reader *reader);
/* Adds a log, whose files may be missing. */
enum devid_result event_reader_add(struct event_reader *reader, bool system) DEVID_MUST_USE;

struct event_seen {
	const char *line; /* NUL-ended, without LF */
	JsonObject *object;
	gint64 time; /* microseconds since 1970 */
	bool system; /* of which log */
};
/* The next event, valid until the next call; false: there is none. Lines that are no event (a torn
 * one, somebody's edit) are passed over. In each file order is taken as it stands.
 */
bool event_reader_next(struct event_reader *reader, struct event_seen *seen);

typedef struct event_reader event_reader;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(event_reader, event_reader_free)
