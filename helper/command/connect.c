/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid connect: the check, then the client, then "connected" or the cause. */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>
#include <glib-unix.h>

#include "base/json-build.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "command/connect/background.h"
#include "command/connect/check.h"
#include "command/connect/connect.h"
#include "command/connect/connection-state.h"
#include "command/connect/diagnose.h"
#include "command/connect/sign-in.h"
#include "command/connect/supervise.h"
#include "command/vpn/driver.h"
#include "connection/connection.h"
#include "connection/list.h"
#include "connection/process.h"
#include "command.h"

static struct connect the_connect = { .may_ask = true };

static struct {
	gboolean dry_run, foreground, diagnose, supervise;
} options;

static const GOptionEntry entries[] = {
	{ "identity", 0, 0, G_OPTION_ARG_STRING, &the_connect.label,
	  "Sign in with this one (default: the connection's, or the one that is chosen)", "LABEL" },
	{ "user", 0, 0, G_OPTION_ARG_STRING, &the_connect.user,
	  "User name, where the gateway asks for one", "USER" },
	{ "password-file", 0, 0, G_OPTION_ARG_FILENAME, &the_connect.password_file,
	  "The password's first line is in FILE; - is standard input", "FILE" },
	{ "save", 0, 0, G_OPTION_ARG_NONE, &the_connect.save,
	  "Keep user name and password in the keyring", NULL },
	{ "reset-cred", 0, 0, G_OPTION_ARG_NONE, &the_connect.fresh,
	  "First forget what is kept for this gateway, then ask anew", NULL },
	{ "dry-run", 'n', 0, G_OPTION_ARG_NONE, &options.dry_run,
	  "Check, and print what would be run", NULL },
	{ "foreground", 0, 0, G_OPTION_ARG_NONE, &options.foreground,
	  "Stay until it ends, with the client's lines on standard error", NULL },
	{ "diagnose", 0, 0, G_OPTION_ARG_NONE, &options.diagnose,
	  "Connect nothing; find out on which side it fails", NULL },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &the_connect.json, "Print a JSON object", NULL },
	{ "supervise", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE, &options.supervise, NULL, NULL },
	{ NULL },
};

/* With what every answer has. */
static JsonBuilder *begin_json(const struct connect *connect, const char *state)
{
	JsonBuilder *builder = json_begin();

	json_text(builder, "result", "ok");
	json_text(builder, "reason", "ok");
	json_text(builder, "state", state);
	json_text(builder, "name", connect->connection->name);
	return builder;
}

static void print_connected(const struct connect *connect, const char *address)
{
	const struct connection *connection = connect->connection;
	const char *label = !connect->session.uri ? NULL : connect->identity->record->label;

	if (connect->json) {
		g_autoptr(JsonBuilder) builder = begin_json(connect, "connected");

		json_text(builder, "client", connection->client);
		json_text(builder, "gateway", connection->gateway);
		json_text(builder, "address", address);
		json_text(builder, "identity", label);
		report_builder(builder);
		return;
	}
	print_piece(stdout, COLOUR_PLAIN, "%s: ", connection->name);
	print_piece(stdout, COLOUR_GOOD, "connected");
	print_line(stdout, ": address %s, gateway %s (%s)%s%s", address ? address : "not told",
		   connection->gateway, connection->client, label ? ", identity " : "",
		   label ? label : "");
}

/* What isn't a connection, and no failure. */
static void print_word(const struct connect *connect, const char *state, const char *words)
{
	g_autoptr(JsonBuilder) builder = NULL;

	if (!connect->json) {
		print_line(stdout, "%s: %s", connect->connection->name, words);
		return;
	}
	builder = begin_json(connect, state);
	json_text(builder, "gateway", connect->connection->gateway);
	json_text(builder, "message", words);
	report_builder(builder);
}

static enum exit_status print_dry(struct connect *connect)
{
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(JsonBuilder) builder = begin_json(connect, "dry-run");

	connect->driver->describe(&connect->session, lines);
	if (!connect->json) {
		print_line(stdout, "%s: identity %s; this would be run:", connect->connection->name,
			   connect->session.uri ? connect->identity->record->label : "none");
		for (guint i = 0; i < lines->len; i++)
			print_line(stdout, "  %s", (const char *)g_ptr_array_index(lines, i));
		return EXIT_DONE;
	}
	json_text(builder, "gateway", connect->connection->gateway);
	json_text(builder, "identity",
		  connect->session.uri ? connect->identity->record->label : NULL);
	json_texts(builder, "commands", lines);
	report_builder(builder);
	return EXIT_DONE;
}

/* Who waits at a terminal knows for what. */
static void say_what_begins(const struct connect *connect)
{
	if (!connect->json && isatty(STDERR_FILENO))
		print_line(stderr, "devid: %s: signing in at %s (Ctrl-C: no longer)",
			   connect->connection->name, connect->connection->gateway);
}

static gboolean interrupted(gpointer data)
{
	struct connect *connect = data;

	connect->interrupted = true;
	process_interrupt();
	g_main_context_wakeup(NULL);
	return G_SOURCE_CONTINUE;
}

/* Before the first wait, and to the end of the program: none of them is to end without a word. */
static void watch_signals(struct connect *connect)
{
	static const int ending[] = { SIGTERM, SIGINT, SIGHUP };

	for (size_t i = 0; i < G_N_ELEMENTS(ending); i++)
		g_unix_signal_add(ending[i], interrupted, connect);
}

static enum exit_status in_foreground(struct connect *connect, GError **error)
{
	connect->log = stderr;
	if (connect_sign_in(connect, error))
		return supervise(connect, -1);
	connect_event(connect, *error);
	return EXIT_FAILED;
}

static enum exit_status in_background(struct connect *connect, int lock, GError **error)
{
	g_autofree char *address = NULL;
	struct background background;

	connect->log = connect_open_log(connect->connection->name);
	if (!connect_background_start(connect, lock, &background, error) ||
	    !connect_sign_in(connect, error)) {
		connect_background_end(&background);
		connect_event(connect, *error);
		return EXIT_FAILED;
	}
	if (!connect_background_go(connect, &background, &address, error))
		return EXIT_FAILED;
	print_connected(connect, address);
	return EXIT_DONE;
}

/* Already there, or being made by another one. */
static bool is_there(struct connect *connect)
{
	g_autoptr(ConnectionState) state = connection_state_read(connect->connection->name);
	g_autofree char *words = NULL;

	if (!state || connection_state_is_over(state))
		return false;
	words = g_strdup_printf("already %s%s%s", state->state, state->address ? ", address " : "",
				state->address ? state->address : "");
	print_word(connect, state->state, words);
	return true;
}

static enum exit_status run(struct connect *connect, GError **error)
{
	int lock;

	if (connect->fresh && !options.dry_run && !connect_forget(connect, error))
		return EXIT_FAILED;
	if (!options.dry_run && is_there(connect))
		return EXIT_DONE;
	if (!connect_check(connect, error))
		return EXIT_FAILED;
	if (connect->office) {
		g_autofree char *words = g_strdup_printf(
			"this is the office %s: no tunnel is needed", connect->office);

		print_word(connect, "office", words);
		return EXIT_DONE;
	}
	if (options.dry_run)
		return print_dry(connect);
	lock = connection_state_lock(connect->connection->name, error);
	if (lock < 0)
		return EXIT_FAILED;
	watch_signals(connect);
	say_what_begins(connect);
	/* In the foreground it is held to the end of this process. */
	return options.foreground ? in_foreground(connect, error)
				  : in_background(connect, lock, error);
}

/* As command/connect/background.c starts it. */
static enum exit_status run_supervisor(struct connect *connect, GError **error)
{
	bool signed_in;

	if (fcntl(READY_FD, F_SETFD, FD_CLOEXEC) < 0 || fcntl(LOCK_FD, F_SETFD, FD_CLOEXEC) < 0)
		return report_usage("connect", "--supervise is not for people");
	connect->driver = vpn_driver_for(connect->connection);
	connect->log = stderr;
	if (!connect_find(connect, error))
		return EXIT_FAILED;
	/* While the user signs in. */
	if (connect->driver->prepare)
		connect->driver->prepare(&connect->session);
	if (!connect_read_ticket(connect, &signed_in, error))
		return EXIT_FAILED;
	if (!signed_in)
		return EXIT_DONE;
	return supervise(connect, READY_FD);
}

static enum exit_status dispatch(struct connect *connect, const char *operand, GError **error)
{
	connect->connection = connection_find(operand, error);
	if (!connect->connection)
		return EXIT_FAILED;
	if (options.supervise)
		return run_supervisor(connect, error);
	connect->driver = vpn_driver_find(connect->connection->client);
	if (options.diagnose)
		return connect_diagnose(connect);
	/* Whether NetworkManager is there is asked over a bus: not before the supervisor knows its
	 * descriptors, not before doctor's processes are forked, and else by the supervisor, while
	 * the user signs in.
	 */
	if (options.dry_run || options.foreground)
		connect->driver = vpn_driver_for(connect->connection);
	return run(connect, error);
}

static enum exit_status connect_to(char **operands, GError **error)
{
	enum exit_status status;

	/* A program that ends before it has read what it was given says why itself. */
	signal(SIGPIPE, SIG_IGN);
	status = dispatch(&the_connect, operands[0], error);
	connect_clear(&the_connect);
	return status;
}

const struct command command_connect = {
	.name = "connect",
	.arguments = "[NAME|HOST[:PORT]] [-- ARG…]",
	.summary = "Check, and connect to a VPN gateway",
	.about = "Check the certificate, posture and rules, and only where all is well run the VPN "
		 "client with the device key. NAME is a connection of connections.d; without one: "
		 "the only one there is.",
	.description =
		"What stands after -- goes to the client. Ends when the tunnel stands; devid\n"
		"disconnect ends that. A tunnel that drops is checked and made again.\n"
		"Exit status: 0 connected, or not needed in the office; 1 failed; 3 certificate\n"
		"error, or refused by the gateway; 4 blocked by a rule; 5 the key's store could\n"
		"not be opened; 6 no account to check against.",
	.entries = entries,
	.operands = { 0, 1 },
	.rest = &the_connect.session.arguments,
	.run = connect_to,
};
