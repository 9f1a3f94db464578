/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The clocks under a test's hand, by --wrap: what the agent takes for now. */
#ifndef AGENT_TEST_CLOCK_H
#define AGENT_TEST_CLOCK_H

#include <time.h>
#include <glib.h>

extern _Atomic time_t clock_shift;     /* seconds, of time() */
extern _Atomic gint64 clock_run_shift; /* microseconds, of g_get_monotonic_time() */

#endif
