/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of a log. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <devid/result.h>

/* The files of a log, each with a size of its own: what comes often never pushes out what comes
 * seldom. */
enum event_file {
	EVENT_CHANGES,	/* imports, removals, resets, and all that isn't below */
	EVENT_REFUSALS, /* of what is asked for again and again: a key, a way in, a check */
	EVENT_USES,	/* the same, allowed */
	EVENT_FILES
};

/* What makes up one log for a reader: its files' generations. */
#define EVENT_GENERATIONS 2

/* Appends `line` (with its LF) in the folder of the user's or the machine's state. */
enum devid_result event_log_append(bool system, enum event_file which, const char *line,
				   gsize length) DEVID_MUST_USE;
/* Opens a file's generations, oldest first; -1 where one isn't there. The caller closes. */
enum devid_result event_log_open(bool system, enum event_file which,
				 int fds[EVENT_GENERATIONS]) DEVID_MUST_USE;
