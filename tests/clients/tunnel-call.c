/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A caller of devid-tunnel that says whatever it likes:
 *
 *	tunnel-call Start NAME GATEWAY ADDRESS 3<COOKIE		descriptor 3 is handed over as it is
 *	tunnel-call Stop
 *
 * Prints the error's name and message, or "done"; then, after Start, each signal as it comes, until
 *standard input ends.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <gio/gio.h>
#include <gio/gunixfdlist.h>
#include <glib-unix.h>
#include <internal/tunnel.h>

#define BOUND_MS (30 * 1000)

static void told(GDBusConnection *bus, const char *sender, const char *path, const char *interface,
		 const char *signal, GVariant *values, gpointer data)
{
	g_autofree char *text = g_variant_print(values, false);

	printf("%s %s\n", signal, text);
}

static gboolean input_ended(gint fd, GIOCondition condition, gpointer data)
{
	g_main_loop_quit(data);
	return G_SOURCE_REMOVE;
}

int main(int argc, char **argv)
{
	g_autoptr(GDBusConnection) bus = g_bus_get_sync(G_BUS_TYPE_SYSTEM, NULL, NULL);
	g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, false);
	g_autoptr(GUnixFDList) fds = g_unix_fd_list_new();
	g_autoptr(GVariant) reply = NULL;
	g_autoptr(GError) error = NULL;
	bool start = argc == 5 && strcmp(argv[1], "Start") == 0;

	if (!bus || (!start && argc != 2))
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (start && g_unix_fd_list_append(fds, 3, NULL) < 0)
		return 2;
	g_dbus_connection_signal_subscribe(bus, NULL, TUNNEL_INTERFACE, NULL, NULL, NULL,
					   G_DBUS_SIGNAL_FLAGS_NONE, told, NULL, NULL);
	reply = g_dbus_connection_call_with_unix_fd_list_sync(
		bus, TUNNEL_NAME, TUNNEL_PATH, TUNNEL_INTERFACE, argv[1],
		start ? g_variant_new("(sssh)", argv[2], argv[3], argv[4], 0) : NULL, NULL,
		G_DBUS_CALL_FLAGS_NONE, BOUND_MS, start ? fds : NULL, NULL, NULL, &error);
	if (!reply) {
		g_autofree char *name = g_dbus_error_get_remote_error(error);

		g_dbus_error_strip_remote_error(error);
		printf("%s: %s\n", name ? name : "?", error->message);
		return 1;
	}
	puts("done");
	g_unix_fd_add(0, G_IO_IN | G_IO_HUP, input_ended, loop);
	g_main_loop_run(loop);
	return 0;
}
