/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A service of the system bus: its name, its end when it is not needed or is asked to end. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include "config.h"

#include "base/log.h"
#include "harden.h"
#include "serve.h"

/* For calls that were on their way when the name was given up. */
#define LAST_MS 500

/* There is one a process. */
static struct {
	GMainLoop *loop;
	GDBusConnection *bus;
	const struct serve_program *program;
	guint object, timer;
	bool leaving;
} run;

static gboolean may_leave(gpointer data)
{
	run.timer = 0;
	if (!run.program->is_busy())
		g_main_loop_quit(run.loop);
	return G_SOURCE_REMOVE;
}

/* From now on the bus starts another one of us. */
static gboolean idle_for_long(gpointer data)
{
	g_autoptr(GVariant) reply = NULL;

	run.leaving = true;
	reply = g_dbus_connection_call_sync(run.bus, "org.freedesktop.DBus",
					    "/org/freedesktop/DBus", "org.freedesktop.DBus",
					    "ReleaseName", g_variant_new("(s)", run.program->name),
					    NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL);
	run.timer = g_timeout_add(LAST_MS, may_leave, NULL);
	return G_SOURCE_REMOVE;
}

void serve_idle(void)
{
	if (run.timer != 0)
		g_source_remove(run.timer);
	run.timer = run.leaving ? g_timeout_add(LAST_MS, may_leave, NULL)
				: g_timeout_add_seconds(run.program->idle_s, idle_for_long, NULL);
}

static gboolean asked_to_end(gpointer data)
{
	run.leaving = true;
	if (run.program->is_busy())
		run.program->stop();
	else
		g_main_loop_quit(run.loop);
	return G_SOURCE_CONTINUE;
}

static void bus_closed(GDBusConnection *bus, bool vanished, GError *why, gpointer data)
{
	asked_to_end(NULL);
}

static bool offer(GError **error)
{
	const GDBusInterfaceVTable table = { .method_call = run.program->called };
	g_autoptr(GDBusNodeInfo) node =
		g_dbus_node_info_new_for_xml(run.program->description, error);

	if (!node)
		return false;
	run.object = g_dbus_connection_register_object(
		run.bus, run.program->path, node->interfaces[0], &table, NULL, NULL, error);
	return run.object != 0;
}

/* After the object is there: a call may come with the name. */
static bool take_name(GError **error)
{
	g_autoptr(GVariant) reply = g_dbus_connection_call_sync(
		run.bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
		"RequestName", g_variant_new("(su)", run.program->name, 4u /* don't queue */),
		G_VARIANT_TYPE("(u)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, error);
	guint32 answer = 0;

	if (!reply)
		return false;
	g_variant_get(reply, "(u)", &answer);
	if (answer == 1)
		return true;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_EXISTS, "%s is another's", run.program->name);
	return false;
}

static bool serve_bus(GError **error)
{
	static const int ending[] = { SIGTERM, SIGINT };

	run.bus = g_bus_get_sync(G_BUS_TYPE_SYSTEM, NULL, error);
	if (!run.bus)
		return false;
	/* What is under way is ended first. */
	g_dbus_connection_set_exit_on_close(run.bus, false);
	g_signal_connect(run.bus, "closed", G_CALLBACK(bus_closed), NULL);
	if (!offer(error) || !take_name(error))
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(ending); i++)
		g_unix_signal_add(ending[i], asked_to_end, NULL);
	serve_idle();
	g_main_loop_run(run.loop);
	return true;
}

static int judge_words(const struct serve_program *program, int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		printf("%s " DEVID_VERSION "\n", program->title);
		return 0;
	}
	if (argc != 1) {
		fprintf(stderr, "%s: the system bus starts it, without words\n", program->title);
		return 2;
	}
	if (geteuid() != 0) {
		fprintf(stderr, "%s: it must be root\n", program->title);
		return 1;
	}
	return -1;
}

int serve(const struct serve_program *program, int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	int status = judge_words(program, argc, argv);

	if (status >= 0)
		return status;
	log_begin(program->title);
	run.program = program;
	run.loop = g_main_loop_new(NULL, false);
	if (!harden(program->kept, &error) || !serve_bus(&error))
		fprintf(stderr, "%s: %s\n", program->title, error->message);
	if (run.object != 0)
		g_dbus_connection_unregister_object(run.bus, run.object);
	g_clear_object(&run.bus);
	g_main_loop_unref(run.loop);
	return error ? 1 : 0;
}
