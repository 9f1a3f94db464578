/* The folders connections.d: the machine's goes before the user's own, for the same name. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <internal/cleanup.h>
#include <internal/path.h>

#include "../account/folder.h"
#include "../account/trusted.h"
#include "command.h"
#include "connection.h"

#define FOLDER	 "connections.d"
#define SUFFIX	 ".conf"
#define FILE_MAX (64 * 1024)

/* /etc/devid first; it is the user's own where DEVID_CONFIG_DIR stands for both. */
static const enum half order[] = { HALF_SYSTEM, HALF_USER };

/* The folder's descriptor, or -1: there is none. */
static int open_folder(enum half half, char *path, GError **error)
{
	char config[PATH_BUFFER];
	const char *why = NULL;
	int fd;

	if (!path_config(half, config) ||
	    g_snprintf(path, PATH_BUFFER, "%s/" FOLDER, config) >= PATH_BUFFER)
		return -1;
	fd = trusted_open_folder(AT_FDCWD, path, half == HALF_SYSTEM ? 0 : geteuid(), TRUE, &why);
	if (fd < 0 && errno != ENOENT)
		devid_error_set(error, DEVID_IO, "connection-broken", NULL, "%s: %s", path,
				why != NULL ? why : g_strerror(errno));
	return fd;
}

/* NULL without an error: there is no such file. */
static struct connection *load(enum half half, const char *name, GError **error)
{
	char path[PATH_BUFFER];
	AUTO_CLOSE int folder = open_folder(half, path, error);
	g_autofree char *file = g_strconcat(name, SUFFIX, NULL);
	g_autofree char *why = NULL;
	g_autoptr(GBytes) bytes = NULL;
	struct connection *connection = NULL;

	if (folder < 0 || faccessat(folder, file, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
		return NULL;
	bytes = trusted_read(folder, file, half == HALF_SYSTEM ? 0 : geteuid(), FILE_MAX, &why);
	if (bytes != NULL) {
		gsize length;
		const char *text = g_bytes_get_data(bytes, &length);

		connection = connection_parse(name, text, length, &why);
	}
	if (connection != NULL)
		connection->path = g_build_filename(path, file, NULL);
	else
		devid_error_set(error, DEVID_BAD_DATA, "connection-broken", NULL, "%s/%s: %s", path,
				file, why);
	return connection;
}

static struct connection *load_any(const char *name, GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(order); i++) {
		GError *inner = NULL;
		struct connection *connection = load(order[i], name, &inner);

		if (connection != NULL)
			return connection;
		if (inner != NULL) {
			g_propagate_error(error, inner);
			return NULL;
		}
	}
	return NULL;
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
		g_autoptr(GPtrArray) files = folder < 0 ? NULL : folder_list(folder, SUFFIX);

		for (guint j = 0; files != NULL && j < files->len; j++) {
			const char *file = g_ptr_array_index(files, j);
			g_autofree char *name = g_strndup(file, strlen(file) - strlen(SUFFIX));

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
	if (names->len == 0) {
		devid_error_set(error, DEVID_USAGE, NULL, "devid connect HOST[:PORT]",
				"which gateway? there is no connection in connections.d");
		return NULL;
	}
	g_ptr_array_add(names, NULL);
	list = g_strjoinv(", ", (char **)names->pdata);
	devid_error_set(error, DEVID_USAGE, NULL, "devid connect NAME", "which one of %s?", list);
	return NULL;
}

struct connection *connection_find(const char *operand, GError **error)
{
	GError *inner = NULL;
	struct connection *connection;

	if (operand == NULL)
		return the_only_one(error);
	connection = connection_is_name(operand) ? load_any(operand, &inner) : NULL;
	if (connection != NULL)
		return connection;
	if (inner != NULL) {
		g_propagate_error(error, inner);
		return NULL;
	}
	return connection_for_gateway(operand, error);
}
