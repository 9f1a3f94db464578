/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store "file": a private half as `<spki>.key` in the data folder, readable by its owner
 * alone.
 */
#pragma once

#include <stdbool.h>
#include "store.h"

extern const struct store store_file;

/* What the file `<spki>SUFFIX` of a half holds: for stores that keep theirs beside. Reading:
 * DEVID_KEY_MISSING where there is none; writing verifies; removing what isn't there is no error.
 */
bool store_file_read(enum scope scope, const char *spki_hash_hex, const char *suffix,
		     struct secret *content, GError **error);
bool store_file_write(enum scope scope, const char *spki_hash_hex, const char *suffix,
		      const struct secret *content, GError **error);
bool store_file_remove(enum scope scope, const char *spki_hash_hex, const char *suffix,
		       GError **error);
