/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For LD_PRELOAD: a clock that was set back to 2020. */
#include <time.h>

#define THEN 1577836800

__attribute__((visibility("default"))) time_t time(time_t *now)
{
	if (now)
		*now = THEN;
	return THEN;
}
