/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid proxy: a door for programs that know neither PKCS#11 nor a file that names a key. Plain on
 * this machine's side, mutual TLS with the device key on the other.
 */
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json-build.h"
#include "command/check/attempt.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "command/proxy/listener.h"
#include "command/proxy/serve.h"
#include "command.h"

static struct {
	char *listen, *to, *identity, *ca_file;
	gboolean json;
} options;

static const GOptionEntry entries[] = {
	{ "listen", 0, 0, G_OPTION_ARG_STRING, &options.listen,
	  "Where programs of this user connect: an address of the loopback, or a socket",
	  "127.0.0.1:PORT|unix:PATH" },
	{ "to", 0, 0, G_OPTION_ARG_STRING, &options.to, "The server", "HOST[:PORT]" },
	{ "identity", 0, 0, G_OPTION_ARG_STRING, &options.identity,
	  "Sign in with this one (default: the one that is chosen)", "LABEL" },
	{ "ca-file", 0, 0, G_OPTION_ARG_FILENAME, &options.ca_file,
	  "CAs of the server, as PEM (default: the system's)", "FILE" },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print a JSON object", NULL },
	{ NULL },
};

/* Two descriptors a client, and what the module and the check open. */
static void raise_limit(void)
{
	const rlim_t wanted = 4 * SERVE_MAX;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = MIN(wanted, limit.rlim_max);
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* Readable when one of them has come. Threads to come have them blocked too. */
static int watch_signals(void)
{
	sigset_t ending;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&ending);
	sigaddset(&ending, SIGTERM);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &ending, NULL);
	return signalfd(-1, &ending, SFD_CLOEXEC);
}

static void say_ready(const struct listener *listener, const struct serve *serve)
{
	g_autoptr(JsonBuilder) builder = NULL;

	if (options.json) {
		builder = json_begin();
		json_text(builder, "result", "ok");
		json_text(builder, "listen", listener->name);
		json_text(builder, "to", serve->connection->gateway);
		report_builder(builder);
	} else {
		print_line(stdout, "%s: listening on %s", serve->connection->gateway,
			   listener->name);
	}
	fflush(stdout);
}

static bool prepare(struct serve *serve, GError **error)
{
	serve->connection = connection_for_gateway(options.to, error);
	if (!serve->connection ||
	    !attempt_new_credentials(options.ca_file, &serve->credentials, error))
		return false;
	/* It is a server's door, not a tunnel that an office does without. */
	serve->connection->ignore_office = true;
	g_free(serve->connection->client);
	serve->connection->client = g_strdup("devid proxy");
	serve->label = options.identity;
	return serve_try(serve, error);
}

static enum exit_status run(char **operands, GError **error)
{
	AUTO_LISTENER struct listener listener = LISTENER_INIT;
	/* Clients' threads have it to the end of the process. */
	static struct serve serve;
	int end;

	if (!options.listen || !options.to)
		return report_usage("proxy", "%s is missing", options.listen ? "--to" : "--listen");
	raise_limit();
	end = watch_signals();
	if (end < 0 || !prepare(&serve, error) || !listener_open(&listener, options.listen, error))
		return EXIT_FAILED;
	say_ready(&listener, &serve);
	serve_run(&serve, listener.fd, end);
	close(end);
	return EXIT_DONE;
}

const struct command command_proxy = {
	.name = "proxy",
	.arguments = "--listen ADDRESS --to HOST[:PORT]",
	.summary = "Let programs without PKCS#11 through",
	.about = "Listen on this machine alone, and carry what comes to a server by TLS with the "
		 "device certificate. Each connection is checked first, as devid connect does.",
	.description = "For programs that know neither PKCS#11 nor keys in files of another kind.\n"
		       "Only this user's programs are let in. Ends with SIGTERM or Ctrl-C.",
	.entries = entries,
	.operands = { 0, 0 },
	.run = run,
};
