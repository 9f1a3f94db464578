/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files that hold nothing secret, read whole. */
#pragma once

#include <stdbool.h>
#include <glib.h>

/* "-" is standard input. At most `most` bytes; a FIFO that is silent for 10 s is an error. */
GBytes *input_read(const char *name, gsize most, GError **error);
/* Waits until there is something to read, or the end of it: on a terminal for ever, on all else as
 * long. `name` is for the message.
 */
bool input_wait(int fd, const char *name, GError **error);
