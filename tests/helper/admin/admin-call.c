/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A caller of devid-admin that says whatever it likes:
 *
 *	admin-call COMMAND [OPTION=VALUE…] 3<INPUT	descriptor 3 is handed over as it is
 *
 * Prints the error's name and message, or "done" with the exit status and what was said.
 */
#include <stdio.h>
#include <string.h>
#include <gio/gio.h>
#include <gio/gunixfdlist.h>
#include <internal/admin.h>

#define BOUND_MS (60 * 1000)

static GVariant *read_options(char **words)
{
	GVariantBuilder options;

	g_variant_builder_init(&options, G_VARIANT_TYPE("a{ss}"));
	for (; *words; words++) {
		g_auto(GStrv) parts = g_strsplit(*words, "=", 2);

		g_variant_builder_add(&options, "{ss}", parts[0], parts[1] ? parts[1] : "");
	}
	return g_variant_builder_end(&options);
}

int main(int argc, char **argv)
{
	g_autoptr(GDBusConnection) bus = g_bus_get_sync(G_BUS_TYPE_SYSTEM, NULL, NULL);
	g_autoptr(GUnixFDList) fds = g_unix_fd_list_new();
	g_autoptr(GVariant) reply = NULL;
	g_autoptr(GError) error = NULL;
	g_autofree char *name = NULL;
	const char *output, *said;
	gint32 status;

	if (!bus || argc < 2 || g_unix_fd_list_append(fds, 3, NULL) < 0)
		return 2;
	reply = g_dbus_connection_call_with_unix_fd_list_sync(
		bus, ADMIN_NAME, ADMIN_PATH, ADMIN_INTERFACE, "Run",
		g_variant_new("(s@a{ss}h)", argv[1], read_options(argv + 2), 0),
		G_VARIANT_TYPE("(iss)"), G_DBUS_CALL_FLAGS_NONE, BOUND_MS, fds, NULL, NULL, &error);
	if (!reply) {
		name = g_dbus_error_get_remote_error(error);
		g_dbus_error_strip_remote_error(error);
		printf("%s: %s\n", name ? name : "?", error->message);
		return 1;
	}
	g_variant_get(reply, "(i&s&s)", &status, &output, &said);
	printf("done %d\n%s%s", status, output, said);
	return 0;
}
