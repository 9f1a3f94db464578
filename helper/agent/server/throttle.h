/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How fast one uid may ask the machine's agent: beyond that it waits, and nobody else does. */
#pragma once

#include <sys/types.h>
#include <glib.h>

/* Requests a second, and how many may come at once after a rest: twice the 5,000 signatures a
 * second that a busy gateway was seen to make.
 */
#define THROTTLE_RATE  10000
#define THROTTLE_BURST 10000

struct throttle;

struct throttle *throttle_new(void);
void throttle_free(struct throttle *throttle);
/* Counts one request; answers the microseconds that its thread shall wait. */
gint64 throttle_count(struct throttle *throttle, uid_t uid, gint64 now);
void throttle_wait(struct throttle *throttle, uid_t uid);
