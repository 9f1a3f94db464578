/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Puts a configuration where its program reads it. */
#pragma once

#include <stdbool.h>
#include "profile.h"

enum profile_outcome {
	CLIENT_UNCHANGED,
	CLIENT_WRITTEN,
};

/* Puts a file in its place, whole or between its marks; `text` is all of it, or of that part. What
 * was there is kept beside it: *backup, newly allocated, or NULL where nothing was. `client` is in
 * the marks of a part.
 */
bool profile_install(const struct profile_file *file, const char *text, const char *client,
		     const char *home, enum profile_outcome *outcome, char **backup,
		     GError **error);
