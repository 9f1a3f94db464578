/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The system's log. */
#pragma once

#include <stdbool.h>
#include <glib.h>

/* A field of an event as it is written: names of the table in event.c, values in UTF-8. */
struct event_field {
	const char *name;
	const char *value;
	bool number; /* the value is one */
};

/* An event to journald in fields, else to syslog as one line. Best effort: it never waits. */
void event_journal_send(const struct event_field *fields, gsize count, const char *message,
			int priority);
