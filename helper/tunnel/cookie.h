/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cookie: one line from a pipe of the caller's. */
#pragma once

#include "tunnel.h"

/* Reads the pipe to its end, in bounded time and size; the tunnel's cookie is then a line with its
 * end. */
void cookie_read(struct tunnel *tunnel, tunnel_then then);
/* Closes the pipe and ends the reading, where that goes on. */
void cookie_end(struct tunnel *tunnel);
/* Whether what came is one cookie: not empty, printable ASCII, a single line. Gives it one line's
 * end. */
bool cookie_is_sound(struct secret *cookie);
