/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose connection ends where there are too many. */
#pragma once

#include "connection.h"

#define CROWD_ANYBODY ((uid_t)-1)

/* How many of the connections are the uid's, those that end already apart. */
guint crowd_count(const GPtrArray *connections, uid_t uid);
/* Among those of the uid that ask for nothing and hold nothing, the one that was used longest ago.
 * CROWD_ANYBODY: of the uid that has most of them; where others are kept out by that uid, one that
 * holds a multi-part signature goes too. NULL: none. Under the server's lock.
 */
struct connection *crowd_pick(const GPtrArray *connections, uid_t uid);
