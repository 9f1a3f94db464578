/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid-admin's caller. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <gio/gunixfdlist.h>
#include <glib-unix.h>
#include <internal/admin.h>
#include <internal/cleanup.h>

#include "base/bus.h"
#include "base/error.h"
#include "base/files.h"
#include "command/cli/print.h"
#include "by-root.h"

#define START_MS (5 * 1000)
/* polkit's question, and what is run then. */
#define RUN_MS	 (300 * 1000)
#define AGENT_MS (10 * 1000)

struct by_root *by_root_open(void)
{
	g_autoptr(GDBusConnection) bus = NULL;
	g_autoptr(GVariant) started = NULL;
	struct by_root *by_root;

	if (geteuid() == 0)
		return NULL;
	bus = bus_open_system(NULL, NULL);
	if (bus)
		started = g_dbus_connection_call_sync(
			bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
			"org.freedesktop.DBus", "StartServiceByName",
			g_variant_new("(su)", ADMIN_NAME, 0), G_VARIANT_TYPE("(u)"),
			G_DBUS_CALL_FLAGS_NONE, START_MS, NULL, NULL);
	if (!started)
		return NULL;
	by_root = g_new0(struct by_root, 1);
	by_root->bus = g_steal_pointer(&bus);
	g_variant_builder_init(&by_root->options, G_VARIANT_TYPE("a{ss}"));
	return by_root;
}

void by_root_free(struct by_root *by_root)
{
	if (!by_root)
		return;
	g_variant_builder_clear(&by_root->options);
	g_object_unref(by_root->bus);
	g_free(by_root);
}

void by_root_option(struct by_root *by_root, const char *name, const char *value)
{
	if (value)
		g_variant_builder_add(&by_root->options, "{ss}", name, value);
}

void by_root_flag(struct by_root *by_root, const char *name, bool given)
{
	by_root_option(by_root, name, given ? "" : NULL);
}

/* --- who asks for the password on a terminal -------------------------------------------------- */

/* polkit's own agent, for this process alone; on a desktop it stands back where that has one. (Not
 * elsewhere: one that stands back is never asked where there is no session.) 0: none. */
static GPid start_agent(void)
{
	g_autofree char *process = g_strdup_printf("%ld", (long)getpid());
	bool desktop = g_getenv("DISPLAY") || g_getenv("WAYLAND_DISPLAY");
	const char *const argv[] = { "pkttyagent", "--notify-fd", "3",
				     "--process",  process,	  desktop ? "--fallback" : NULL,
				     NULL };
	int ends[2], target = 3;
	GPollFD ready;
	GPid pid = 0;

	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO) ||
	    !g_unix_open_pipe(ends, FD_CLOEXEC, NULL))
		return 0;
	if (!g_spawn_async_with_pipes_and_fds(
		    NULL, argv, NULL,
		    G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_CHILD_INHERITS_STDIN,
		    NULL, NULL, -1, -1, -1, &ends[1], &target, 1, &pid, NULL, NULL, NULL, NULL))
		pid = 0;
	close(ends[1]);
	ready = (GPollFD){ .fd = ends[0], .events = G_IO_IN | G_IO_HUP };
	if (pid != 0)
		(void)g_poll(&ready, 1, AGENT_MS);
	close(ends[0]);
	return pid;
}

static void end_agent(GPid pid)
{
	if (pid == 0)
		return;
	kill(pid, SIGTERM);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* --- the call ------------------------------------------------------------------------------- */

static int fill_pipe(const struct secret *input, GError **error)
{
	int pipe;

	if (input->length > ADMIN_INPUT_MAX) {
		devid_error_set(error, DEVID_TOO_LARGE, NULL, "as root it can be larger",
				"what is to be handed over to root is larger than %d bytes",
				ADMIN_INPUT_MAX);
		return -1;
	}
	pipe = files_filled_pipe(input->data, input->length);
	if (pipe < 0)
		devid_error_set(error, DEVID_IO, NULL, NULL, "pipe: %s", g_strerror(errno));
	return pipe;
}

static void translate(const char *command, GError *failure, GError **error)
{
	g_autofree char *name = g_dbus_error_get_remote_error(failure);
	bool denied = g_strcmp0(name, ADMIN_NOT_ALLOWED) == 0;

	g_dbus_error_strip_remote_error(failure);
	devid_error_set(error, denied ? DEVID_DENIED : DEVID_FAILED, NULL,
			denied ? "let an administrator type it, as root; or see devid-admin(8)"
			       : NULL,
			"%s: not done as root: %s", command, failure->message);
}

enum exit_status by_root_run(struct by_root *by_root, const char *command,
			     const struct secret *input, GError **error)
{
	g_autoptr(GUnixFDList) fds = g_unix_fd_list_new();
	g_autoptr(GVariant) reply = NULL;
	g_autoptr(GError) failure = NULL;
	AUTO_CLOSE int pipe = fill_pipe(input, error);
	const char *output, *said;
	GPid agent;
	gint32 status;

	if (pipe < 0 || g_unix_fd_list_append(fds, pipe, error) < 0)
		return EXIT_FAILED;
	agent = start_agent();
	reply = g_dbus_connection_call_with_unix_fd_list_sync(
		by_root->bus, ADMIN_NAME, ADMIN_PATH, ADMIN_INTERFACE, "Run",
		g_variant_new("(sa{ss}h)", command, &by_root->options, 0), G_VARIANT_TYPE("(iss)"),
		G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION, RUN_MS, fds, NULL, NULL,
		&failure);
	end_agent(agent);
	if (!reply) {
		translate(command, failure, error);
		return EXIT_FAILED;
	}
	g_variant_get(reply, "(i&s&s)", &status, &output, &said);
	/* devid's own there, which has made it printable. */
	print_lines(stderr, COLOUR_PLAIN, said);
	print_lines(stdout, COLOUR_PLAIN, output);
	return (enum exit_status)status;
}
