/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* time() and g_get_monotonic_time() of the agent's code, shifted. */
#include "clock.h"

_Atomic time_t clock_shift;
_Atomic gint64 clock_run_shift;

time_t __real_time(time_t *out);
__attribute__((visibility("default"))) time_t __wrap_time(time_t *out);
gint64 __real_g_get_monotonic_time(void);
__attribute__((visibility("default"))) gint64 __wrap_g_get_monotonic_time(void);

time_t __wrap_time(time_t *out)
{
	time_t now = __real_time(NULL) + clock_shift;

	if (out)
		*out = now;
	return now;
}

gint64 __wrap_g_get_monotonic_time(void)
{
	return __real_g_get_monotonic_time() + clock_run_shift;
}
