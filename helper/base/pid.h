/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes by their number: with the time of its start it means one process (proc(5)). */
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>
#include <glib.h>

/* In clock ticks after the boot; 0: there is none, or it has ended and nobody has looked yet. */
guint64 pid_started(pid_t pid);
/* The same of the process whose folder of /proc that is. */
guint64 pid_started_in(int folder);
/* Such a start as a time of day, of seconds since 1970. */
time_t pid_started_when(guint64 started);
/* Its executable, else the short name that another user's process shows; UTF-8. NULL: it is gone.
 * The caller frees. */
char *pid_program_in(int folder);
/* The folder of /proc, of which the descriptor is the caller's; -1 with errno. */
int pid_open(pid_t pid);
