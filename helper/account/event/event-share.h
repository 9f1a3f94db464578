/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who may fill how much of a log that users fill: what is alike is counted together, and the room
 * is shared. */
#pragma once

#include <glib.h>

struct event_lines;

/* The lines of `lines`, oldest first, at most `room` bytes. Of one day, what differs in its time
 * alone becomes one line with "first", "last" and "count". Where that isn't enough, each user (on a
 * gateway: each certificate) keeps as many bytes of newest lines as any other: one who writes much
 * pushes out lines of its own. The caller frees.
 */
char *event_share(struct event_lines *lines, gsize room, gsize *length);
