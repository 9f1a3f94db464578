/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which session bus, and how it is opened (bus.h). A process that outlives a session has the name
 * of a bus that is gone; those who ask it something know of the present one.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <gio/gio.h>
#include "bus.h"
#include "gio-ready.h"

#define ADDRESS_MAX 1024
#define CONNECTION_FLAGS                                 \
	(G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | \
	 G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION)

static struct {
	GMutex lock;
	char *reached, *offered;
} known;

static bool is_usable(const char *address)
{
	return address && *address && strlen(address) < ADDRESS_MAX &&
	       !strstr(address, "autolaunch:") && !strstr(address, "unixexec:") &&
	       g_dbus_is_supported_address(address, NULL);
}

static char *usual_address(void)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	g_autofree char *path = NULL;
	g_autofree char *escaped = NULL;
	struct stat status;

	if (!runtime || runtime[0] != '/')
		return NULL;
	path = g_build_filename(runtime, "bus", NULL);
	if (lstat(path, &status) != 0 || !S_ISSOCK(status.st_mode) || status.st_uid != geteuid())
		return NULL;
	escaped = g_dbus_address_escape_value(path);
	return g_strconcat("unix:path=", escaped, NULL);
}

static void add(GPtrArray *addresses, const char *address)
{
	if (is_usable(address) &&
	    !g_ptr_array_find_with_equal_func(addresses, address, g_str_equal, NULL))
		g_ptr_array_add(addresses, g_strdup(address));
}

char **bus_addresses(void)
{
	GPtrArray *addresses = g_ptr_array_new();
	const char *named = getenv("DBUS_SESSION_BUS_ADDRESS");
	g_autofree char *usual = usual_address();

	g_mutex_lock(&known.lock);
	add(addresses, known.reached);
	add(addresses, named);
	add(addresses, known.offered);
	g_mutex_unlock(&known.lock);
	/* Who names one that may not be used wants no other. */
	if (!named || !*named || is_usable(named))
		add(addresses, usual);
	g_ptr_array_add(addresses, NULL);
	return (char **)g_ptr_array_free(addresses, false);
}

static void keep(char **place, const char *address)
{
	if (g_strcmp0(*place, address) == 0)
		return;
	g_free(*place);
	*place = g_strdup(address);
}

void bus_reached(const char *address)
{
	g_mutex_lock(&known.lock);
	keep(&known.reached, address);
	g_mutex_unlock(&known.lock);
}

bool bus_offer(const char *address)
{
	bool news;

	if (!is_usable(address) || g_strcmp0(address, getenv("DBUS_SESSION_BUS_ADDRESS")) == 0)
		return false;
	g_mutex_lock(&known.lock);
	news = g_strcmp0(address, known.offered) != 0 && g_strcmp0(address, known.reached) != 0;
	keep(&known.offered, address);
	g_mutex_unlock(&known.lock);
	return news;
}

/* A socket may be anybody's: only our own user's bus, or root's, is asked for secrets. */
bool bus_is_ours(GDBusConnection *connection)
{
	GIOStream *stream = g_dbus_connection_get_stream(connection);
	g_autoptr(GCredentials) peer = NULL;
	uid_t uid;

	if (!G_IS_SOCKET_CONNECTION(stream))
		return false;
	peer = g_socket_get_credentials(g_socket_connection_get_socket(G_SOCKET_CONNECTION(stream)),
					NULL);
	/* One on another machine, reached over the network, tells none. */
	uid = peer ? g_credentials_get_unix_user(peer, NULL) : geteuid();
	return uid == geteuid() || uid == 0;
}

static GDBusConnection *try_bus(const char *address, GCancellable *cancel, GError **error)
{
	g_autoptr(GDBusConnection) connection = g_dbus_connection_new_for_address_sync(
		address, CONNECTION_FLAGS, NULL, cancel, error);

	if (connection && !bus_is_ours(connection)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
			    "it belongs to another user");
		return NULL;
	}
	return g_steal_pointer(&connection);
}

GDBusConnection *bus_open_session(GCancellable *cancel, char **address, GError **error)
{
	g_auto(GStrv) addresses = bus_addresses();
	g_autoptr(GError) first = NULL;

	gio_ready();
	for (char **each = addresses; *each; each++) {
		GDBusConnection *connection = try_bus(*each, cancel, first ? NULL : &first);

		if (!connection)
			continue;
		if (address)
			*address = g_strdup(*each);
		return connection;
	}
	if (first)
		g_propagate_error(error, g_steal_pointer(&first));
	return NULL;
}

/* The address is never one that would have to be started. */
GDBusConnection *bus_open_system(GCancellable *cancel, GError **error)
{
	g_autofree char *address =
		g_dbus_address_get_for_bus_sync(G_BUS_TYPE_SYSTEM, cancel, error);

	gio_ready();
	return address ? g_dbus_connection_new_for_address_sync(address, CONNECTION_FLAGS, NULL,
								cancel, error)
		       : NULL;
}

static gpointer wait_for_end(gpointer data)
{
	struct bus_bound *bound = data;
	bool in_time = true;

	g_mutex_lock(&bound->lock);
	while (bound->until && in_time)
		in_time = g_cond_wait_until(&bound->ended, &bound->lock, bound->until);
	g_mutex_unlock(&bound->lock);
	if (!in_time)
		g_cancellable_cancel(bound->cancel);
	return NULL;
}

/* A thread of its own, for what is waited for runs no loop that could hold a timer. */
void bus_bound_begin(struct bus_bound *bound, guint milliseconds)
{
	gio_ready();
	bound->cancel = g_cancellable_new();
	bound->until = g_get_monotonic_time() + milliseconds * G_TIME_SPAN_MILLISECOND;
	g_mutex_init(&bound->lock);
	g_cond_init(&bound->ended);
	bound->clock = g_thread_new("bound", wait_for_end, bound);
}

void bus_bound_end(struct bus_bound *bound)
{
	g_mutex_lock(&bound->lock);
	bound->until = 0;
	g_cond_signal(&bound->ended);
	g_mutex_unlock(&bound->lock);
	g_thread_join(bound->clock);
	g_cond_clear(&bound->ended);
	g_mutex_clear(&bound->lock);
	g_object_unref(bound->cancel);
}
