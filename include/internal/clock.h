/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The clock that nobody sets. */
#ifndef INTERNAL_CLOCK_H
#define INTERNAL_CLOCK_H

#include <stdint.h>
#include <time.h>

/* CLOCK_MONOTONIC, in microseconds. */
static inline int64_t clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* The same, in whole seconds. */
static inline time_t clock_seconds(void)
{
	return (time_t)(clock_us() / 1000000);
}

#endif
