/* Where an event's line goes. */
#ifndef ACCOUNT_EVENT_PRIVATE_H
#define ACCOUNT_EVENT_PRIVATE_H

#include <glib.h>
#include <devid/event.h>

/* A field of an event as it is written: names of the table in event.c, values in UTF-8. */
struct event_field {
	const char *name;
	const char *value;
};

/* event-log.c: appends `line` (with its LF) to events.jsonl in the folder of the user's or the
 * machine's state.
 */
enum devid_result event_log_append(bool system, const char *line, gsize length) DEVID_MUST_USE;
/* Calls `row` with each line of both generations, oldest first. */
enum devid_result event_log_read(bool system, bool (*row)(const char *line, void *data),
				 void *data) DEVID_MUST_USE;

/* event-journal.c: the same to journald in fields, else to syslog as one line. Best effort: it
 * never waits.
 */
void event_journal_send(const struct event_field *fields, gsize count, const char *message,
			int priority);

#endif
