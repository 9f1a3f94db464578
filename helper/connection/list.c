/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The folders connections.d, read where nobody else could have written: the machine's goes before
 * the user's own, for the same name. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <internal/cleanup.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/trusted.h"
#include "connection.h"
#include "list.h"

#define FOLDER	 "connections.d"
#define FILE_MAX (64 * 1024)

/* The folder connections.d of one scope: its descriptor, or -1, without an error where there is
 * none. `path` has PATH_BUFFER bytes.
 */
static int open_folder(enum scope scope, char *path, GError **error)
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
	AUTO_CLOSE int folder = open_folder(scope, path, error);
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

/* /etc/devid first. */
static const enum scope order[] = { SCOPE_SYSTEM, SCOPE_USER };

/* NULL without an error: there is none. */
static struct connection *load_any(const char *name, GError **error)
{
	struct connection *connection = NULL;

	for (size_t i = 0; !connection && !*error && i < G_N_ELEMENTS(order); i++)
		connection = connection_load(order[i], name, error);
	return connection;
}

static int compare(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *connection_names(void)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

	for (size_t i = 0; i < G_N_ELEMENTS(order); i++) {
		char path[PATH_BUFFER];
		AUTO_CLOSE int folder = open_folder(order[i], path, NULL);
		g_autoptr(GPtrArray) files =
			folder < 0 ? NULL : folder_list(folder, CONNECTION_SUFFIX);

		for (guint j = 0; files && j < files->len; j++) {
			const char *file = g_ptr_array_index(files, j);
			g_autofree char *name =
				g_strndup(file, strlen(file) - strlen(CONNECTION_SUFFIX));

			if (connection_is_name(name) &&
			    !g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
				g_ptr_array_add(names, g_steal_pointer(&name));
		}
	}
	g_ptr_array_sort(names, compare);
	return names;
}

static struct connection *the_only_one(GError **error)
{
	g_autoptr(GPtrArray) names = connection_names();
	g_autofree char *list = NULL;

	if (names->len == 1)
		return load_any(g_ptr_array_index(names, 0), error);
	if (names->len == 0)
		return devid_error_null(error, DEVID_USAGE, NULL, "devid connect HOST[:PORT]",
					"which gateway? there is no connection in connections.d");
	g_ptr_array_add(names, NULL);
	list = g_strjoinv(", ", (char **)names->pdata);
	return devid_error_null(error, DEVID_USAGE, NULL, "devid connect NAME", "which one of %s?",
				list);
}

struct connection *connection_find(const char *operand, GError **error)
{
	GError *inner = NULL;
	struct connection *connection = NULL;

	if (!operand)
		connection = the_only_one(&inner);
	else if (connection_is_name(operand))
		connection = load_any(operand, &inner);
	if (operand && !connection && !inner)
		connection = connection_for_gateway(operand, &inner);
	if (inner)
		g_propagate_error(error, inner);
	return connection;
}
