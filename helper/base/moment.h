/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Moments at which something begins or ends. */
#pragma once

#include <time.h>

/* What GnuTLS answers where a structure has no such date. */
#define MOMENT_NONE ((time_t)-1)

/* The earlier of `best` (0: none yet) and `candidate`, of those after `at`. */
static inline time_t moment_next(time_t best, time_t candidate, time_t at)
{
	if (candidate == MOMENT_NONE || candidate <= at)
		return best;
	return best == 0 || candidate < best ? candidate : best;
}

/* The first second after `until`, which is itself still inside. */
static inline time_t moment_after(time_t until)
{
	return until == MOMENT_NONE ? MOMENT_NONE : until + 1;
}

/* Each newly allocated, never NULL: g_free(). */
char *moment_date(time_t when);		       /* "2027-11-22" */
char *moment_utc(time_t when);		       /* "2027-11-22T10:00:00Z" */
char *moment_local(time_t when);	       /* "2027-11-22 11:00:00+01:00" */
char *moment_days(time_t expires, time_t now); /* "365 days left", "expired 3 days ago" */
/* Of an RFC 3339 text with its offset; 0 where it is NULL or can't be read. */
time_t moment_read(const char *text);
/* Whole days until then; negative where it is over. */
int moment_days_left(time_t expires, time_t now);
