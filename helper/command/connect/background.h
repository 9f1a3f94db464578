/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A supervisor that lives on when `devid connect` has ended: the same program again, in a session
 * of its own, with its log where a terminal was.
 */
#pragma once

#include <stdbool.h>
#include "connect.h"

enum { READY_FD = 3, LOCK_FD = 4 }; /* of the supervisor */

struct background {
	int ticket, ready; /* sockets and pipes to it, or -1 */
	GPid pid;
};
/* Instead: it ends, before this returns. */
void connect_background_end(struct background *background);
/* Before the sign-in. Takes the lock over. In any case connect_background_end() may follow. */
bool connect_background_start(const struct connect *connect, int lock,
			      struct background *background, GError **error);
/* After it. `address` may be NULL then; newly allocated. */
bool connect_background_go(struct connect *connect, struct background *background, char **address,
			   GError **error);
/* The other side of it. !*signed_in: there was no sign-in, so no tunnel either. */
bool connect_read_ticket(struct connect *connect, bool *signed_in, GError **error);
/* A new one; the one before it is kept beside it. NULL: none can be made. */
FILE *connect_open_log(const char *name);
