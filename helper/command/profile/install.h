/* Puts a configuration where its program reads it. */
#pragma once

#include "client.h"

enum client_outcome {
	CLIENT_UNCHANGED,
	CLIENT_WRITTEN,
};

/* Puts a file in its place, whole or between its marks; `text` is all of it, or of that part. What was there is
 * kept beside it: *backup, newly allocated, or NULL where nothing was. `client` is in the marks of a part.
 */
gboolean client_install(const struct client_file *file, const char *text, const char *client,
			const char *home, enum client_outcome *outcome, char **backup,
			GError **error);
