/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a command hands out, to standard output or a file. */
#pragma once

#include <stdbool.h>
#include <glib.h>

/* `path` NULL or "-": standard output. A file that is there is replaced as a whole; a link, a
 * folder or a device is not written to.
 */
bool output_write(const char *path, const char *text, GError **error);
