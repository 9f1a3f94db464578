/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a service says: on standard error, and where that leads to journald, in fields. */
#pragma once

/* From now on what g_message() and its like say is printable, for file names and labels are
 * anybody's and nothing in them steers the terminal of who reads it; and the journal has it under
 * `name`, as `journalctl -t` wants it, which GLib leaves out. `name` is kept. */
void log_begin(const char *name);
