/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A moment of the wall clock on the main loop: it comes when the clock says so, set or suspended
 * in between.
 */
#pragma once

/* Calls `then`, once, when the clock shows `when`, or has passed it. The source's id; 0: it
 * can't. */
guint wall_clock_add(time_t when, void (*then)(void *data), void *data);
