/* Moments at which something begins or ends. */
#ifndef ACCOUNT_MOMENT_H
#define ACCOUNT_MOMENT_H

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

#endif
