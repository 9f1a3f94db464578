/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid-agent: holds the device keys of a user or of the machine, and signs. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <syslog.h>
#include <unistd.h>
#include <gnutls/gnutls.h>
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif
#include "config.h"
#include "agent/request/agent.h"
#include "agent/store/keyring-watch.h"
#include "agent/store/keyring.h"
#include "agent/store/store.h"
#include "base/log.h"
#include "base/text.h"
#include "harden.h"
#include "listen.h"
#include "server.h"

/* Up to listening everything takes milliseconds; what hangs (a lock on a folder) is not waited for
 * longer than the starter waits.
 */
#define START_SECONDS 4
#define AGENT_NAME    "devid-agent" /* in the system's log */

/* GnuTLS would make itself ready before main() [0.3 ms], while somebody waits for us to listen:
 * ready_gnutls() does it beside the first request.
 */
#pragma GCC visibility push(default)
GNUTLS_SKIP_GLOBAL_INIT
#pragma GCC visibility pop

struct options {
	enum scope scope;
	bool half_given;
	int ready_fd; /* -1: nobody waits */
	unsigned idle_seconds;
};

static const char usage[] =
	"usage: devid-agent --user|--system [--ready-fd N] [--idle-timeout SECONDS]\n"
	"\n"
	"Holds the device keys and signs for PKCS#11 clients. It is started by systemd, by the PKCS#11\n"
	"module or by devid(1), and leaves when it is idle.\n"
	"\n"
	"  --user                  serve the user who starts it\n"
	"  --system                serve the machine; as root: become the user devid first\n"
	"  --ready-fd N            write one byte to descriptor N when an agent listens\n"
	"  --idle-timeout SECONDS  leave after so long without a request (60; 0: never)\n"
	"  --help, --version\n";

static const struct option long_options[] = {
	{ "user", no_argument, NULL, 'u' },
	{ "system", no_argument, NULL, 's' },
	{ "ready-fd", required_argument, NULL, 'r' },
	{ "idle-timeout", required_argument, NULL, 'i' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'v' },
	{ NULL, 0, NULL, 0 },
};

static bool read_number(const char *text, long limit, long *number)
{
	char *end;

	errno = 0;
	*number = strtol(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && *number >= 0 && *number <= limit;
}

/* Answers -1, or the status to end with. */
static int read_options(int argc, char **argv, struct options *options)
{
	long number;
	int option;

	*options = (struct options){ SCOPE_USER, false, -1, SERVER_IDLE_SECONDS };
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) >= 0) {
		switch (option) {
		case 'u':
		case 's':
			if (options->half_given)
				goto wrong;
			options->scope = option == 's' ? SCOPE_SYSTEM : SCOPE_USER;
			options->half_given = true;
			break;
		case 'r':
			if (!read_number(optarg, 65535, &number) || number <= STDERR_FILENO ||
			    fcntl((int)number, F_GETFD) < 0)
				goto wrong;
			options->ready_fd = (int)number;
			break;
		case 'i':
			if (!read_number(optarg, 86400, &number))
				goto wrong;
			options->idle_seconds = (unsigned)number;
			break;
		case 'h':
			return fputs(usage, stdout) < 0;
		case 'v':
			return puts("devid-agent " DEVID_VERSION) < 0;
		default:
			goto wrong;
		}
	}
	if (options->half_given && optind == argc)
		return -1;
wrong:
	fputs(usage, stderr);
	return 2;
}

static int fail(char *why)
{
	g_autofree char *safe = text_printable(why);

	fprintf(stderr, "devid-agent: %s\n", safe);
	syslog(LOG_ERR, "%s", safe);
	g_free(why);
	return 1;
}

static void tell_ready(const struct options *options)
{
	if (options->ready_fd < 0)
		return;
	(void)!write(options->ready_fd, "1", 1);
	close(options->ready_fd);
}

static void interrupt(int signal_number)
{
}

/* What start-up waits for is interrupted. */
static void bound_start(void)
{
	const struct sigaction action = { .sa_handler = interrupt };

	sigaction(SIGALRM, &action, NULL);
	alarm(START_SECONDS);
}

/* Signals come by signalfd, in every thread that there will be. */
static void arrange_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* Not by exit(3): that runs libcrypto's own end, and a thread that has done with everything may
 * still be in what libcrypto does at the end of a thread. A reader of leaks traces its own process,
 * which an undumpable one refuses.
 */
static _Noreturn void leave(int status)
{
#if defined(__SANITIZE_ADDRESS__)
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	__lsan_do_leak_check();
#endif
	_exit(status);
}

static int serve(const struct options *options, struct listening *listening)
{
	struct agent agent;
	struct server *server;
	int status;

	harden_crypto();
	agent_init(&agent, options->scope);
	server = server_new(&agent, listening, options->idle_seconds);
	if (!server)
		return fail(g_strdup_printf("server: %s", g_strerror(errno)));
	agent_warm_up(&agent);
	status = server_run(server);
	/* A thread that did not end in time still uses everything. */
	if (status != 0)
		_exit(status);
	store_keyring_watch(NULL, NULL);
	server_free(server);
	agent_clear(&agent);
	leave(0);
}

int main(int argc, char **argv)
{
	struct listening listening = LISTENING_INIT;
	enum listen_outcome outcome = LISTEN_READY;
	struct system_user user = { geteuid(), getegid(), false };
	struct options options;
	char *why = NULL;
	bool inherited;
	int status = read_options(argc, argv, &options);

	if (status >= 0)
		return status;
	bound_start();
	/* The TSS would tell each of its failures on standard error; what they mean is told by us.
	 */
	(void)setenv("TSS2_LOG", "all+NONE", 0);
	log_begin(AGENT_NAME);
	openlog(AGENT_NAME, LOG_PID, options.scope == SCOPE_SYSTEM ? LOG_DAEMON : LOG_USER);
	inherited = listen_inherited(&listening);

	int keep[2] = { inherited ? listening.fd : 0, options.ready_fd };

	if (!harden_process(keep, G_N_ELEMENTS(keep), &why) ||
	    (options.scope == SCOPE_SYSTEM &&
	     (!harden_find_user(&user, &why) || (user.drop && !harden_folders(&user, &why)))))
		return fail(why);
	arrange_signals();
	/* Connecting to the keyring takes longer than all the rest: it begins now, beside it. */
	if (options.scope == SCOPE_USER)
		store_keyring_prepare();
	if (!inherited)
		outcome = listen_bind(&listening, options.scope, user.uid, user.gid, &why);
	if (outcome == LISTEN_FAILED || !harden_drop(&user, &why))
		return fail(why);
	tell_ready(&options);
	alarm(0);
	/* The thread that connects to the keyring may be in the middle of something. */
	if (outcome == LISTEN_OTHER)
		_exit(0);
	return serve(&options, &listening);
}
