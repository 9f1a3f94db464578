/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of connections, read where nobody else could have written them. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <internal/cleanup.h>

#include "base/error.h"
#include "base/trusted.h"
#include "connection.h"
#include "file.h"

#define FOLDER	 "connections.d"
#define FILE_MAX (64 * 1024)

int connection_open_folder(enum scope scope, char *path, GError **error)
{
	char config[PATH_BUFFER];
	const char *why = NULL;
	int fd;

	if (!path_config(scope, config) ||
	    g_snprintf(path, PATH_BUFFER, "%s/" FOLDER, config) >= PATH_BUFFER)
		return -1;
	fd = trusted_open_folder(AT_FDCWD, path, scope == SCOPE_SYSTEM ? 0 : geteuid(), TRUE, &why);
	if (fd < 0 && errno != ENOENT)
		devid_error_set(error, DEVID_IO, "connection-broken", NULL, "%s: %s", path,
				why ? why : g_strerror(errno));
	return fd;
}

struct connection *connection_load(enum scope scope, const char *name, GError **error)
{
	char path[PATH_BUFFER];
	AUTO_CLOSE int folder = connection_open_folder(scope, path, error);
	g_autofree char *file = g_strconcat(name, CONNECTION_SUFFIX, NULL);
	g_autofree char *why = NULL;
	g_autoptr(GBytes) bytes = NULL;
	struct connection *connection = NULL;

	if (folder < 0 || faccessat(folder, file, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
		return NULL;
	bytes = trusted_read(folder, file, scope == SCOPE_SYSTEM ? 0 : geteuid(), FILE_MAX, &why);
	if (bytes) {
		gsize length;
		const char *text = g_bytes_get_data(bytes, &length);

		connection = connection_parse(name, text, length, &why);
	}
	if (connection) {
		connection->path = g_build_filename(path, file, NULL);
		connection->machine = scope == SCOPE_SYSTEM;
	} else {
		devid_error_set(error, DEVID_BAD_DATA, "connection-broken", NULL, "%s/%s: %s", path,
				file, why);
	}
	return connection;
}
