/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The proxy's clients: see serve.h. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "command/check/attempt.h"
#include "command/check/probe.h"
#include "command/check/server-words.h"
#include "command/cli/report.h"
#include "command/connect/check.h"
#include "owner.h"
#include "relay.h"
#include "serve.h"

#define STACK	 (256 * 1024)
#define PAUSE_MS 100

struct client {
	struct serve *serve;
	int fd;
};

/* What `devid connect` looks at has a client and a driver; it is the user's own identity, or the
 * machine's where there is none. */
static const struct vpn_driver driver = { .name = "devid proxy" };

static void say(struct serve *serve, const char *what, const char *why)
{
	g_mutex_lock(&serve->one);
	report_warning("%s: %s: %s", serve->connection->gateway, what, why);
	g_mutex_unlock(&serve->one);
}

/* --- the check ------------------------------------------------------------------------------- */

/* As before each connection of `devid connect`; and what the handshake needs of the identity. */
static bool look(struct serve *serve, struct connect *connect, struct attempt *attempt,
		 GError **error)
{
	*connect = (struct connect){ .connection = serve->connection,
				     .driver = &driver,
				     .label = serve->label };
	if (!connect_check(connect, error))
		return false;
	attempt->identity = connect->identity;
	if (!attempt_prepare(attempt, NULL, error)) {
		connect_event(connect, *error);
		return false;
	}
	return true;
}

/* The connection is every client's. */
static void let_go(struct connect *connect)
{
	connect->connection = NULL;
	connect_clear(connect);
}

static bool check(struct serve *serve, struct attempt *attempt, GError **error)
{
	struct connect connect;
	bool good;

	g_mutex_lock(&serve->one);
	good = look(serve, &connect, attempt, error);
	attempt->identity = NULL;
	let_go(&connect);
	g_mutex_unlock(&serve->one);
	return good;
}

/* --- the server ------------------------------------------------------------------------------ */

static void start(struct serve *serve, struct attempt *attempt, struct server_report *report)
{
	*report = (struct server_report){ .trusted = -1 };
	report->issuers = g_ptr_array_new_with_free_func(g_free);
	report->host = g_strdup(serve->connection->host);
	report->port = serve->connection->port;
	*attempt = (struct attempt){ .report = report,
				     .credentials = serve->credentials,
				     .borrowed = true,
				     .token = FOREIGN_TOKEN_INIT };
}

/* A session with a server that is who it should be. */
static bool reach(struct attempt *attempt)
{
	attempt->deadline = g_get_monotonic_time() + SERVER_BOUND_MS * 1000;
	if (!attempt_connect(attempt) || !probe_shake_hands(attempt))
		return false;
	probe_take_session(attempt);
	return attempt->report->trusted == 1;
}

static void tell_server(struct serve *serve, const struct server_report *report)
{
	g_autofree char *words = report->trusted == 0
					 ? g_strdup_printf("the server's own certificate: %s",
							   report->distrust ? report->distrust : "")
					 : server_report_words(report);

	say(serve, "no connection", words);
}

static void carry(struct serve *serve, struct attempt *attempt, int plain)
{
	struct server_report *report = attempt->report;
	int secure = g_socket_get_fd(g_socket_connection_get_socket(attempt->connection));
	int code = relay_run(plain, secure, attempt->session);
	struct linger at_once = { 1, 0 };

	if (code == 0)
		return;
	/* The client is to see that it is no orderly end. */
	setsockopt(plain, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	/* In TLS 1.3 the server speaks of the certificate after the handshake. */
	if (code != GNUTLS_E_FATAL_ALERT_RECEIVED)
		return;
	probe_take_failure(attempt, code);
	tell_server(serve, report);
}

/* --- one client ------------------------------------------------------------------------------ */

static bool is_ours(struct serve *serve, int fd)
{
	g_autofree char *why = NULL;
	uid_t uid;

	if (!owner_find(fd, &uid)) {
		say(serve, "refused a client", "whose it is can't be told");
		return false;
	}
	if (uid == geteuid())
		return true;
	why = g_strdup_printf("it is another user's (%u)", uid);
	say(serve, "refused a client", why);
	return false;
}

static void serve_client(struct serve *serve, int fd)
{
	g_autoptr(GError) error = NULL;
	AUTO_SERVER_REPORT struct server_report report;
	AUTO_ATTEMPT struct attempt attempt;

	start(serve, &attempt, &report);
	if (!is_ours(serve, fd))
		return;
	if (!check(serve, &attempt, &error))
		say(serve, "no connection", error->message);
	else if (!reach(&attempt))
		tell_server(serve, &report);
	else
		carry(serve, &attempt, fd);
}

static void *thread(void *data)
{
	g_autofree struct client *client = data;
	struct serve *serve = client->serve;

	serve_client(serve, client->fd);
	close(client->fd);
	g_mutex_lock(&serve->counted);
	serve->count--;
	g_cond_signal(&serve->gone);
	g_mutex_unlock(&serve->counted);
	return NULL;
}

/* --- letting in ------------------------------------------------------------------------------ */

static void begin(struct serve *serve, int fd)
{
	struct client *client = g_new(struct client, 1);
	pthread_attr_t attributes;
	pthread_t id;
	int code;

	*client = (struct client){ serve, fd };
	g_mutex_lock(&serve->counted);
	serve->count++;
	g_mutex_unlock(&serve->counted);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	code = pthread_create(&id, &attributes, thread, client);
	pthread_attr_destroy(&attributes);
	if (code == 0)
		return;
	say(serve, "no connection", g_strerror(code));
	close(fd);
	g_free(client);
	g_mutex_lock(&serve->counted);
	serve->count--;
	g_mutex_unlock(&serve->counted);
}

/* Those that wait are let in when another has ended; looked at anew now and then, for the end. */
static bool has_room(struct serve *serve)
{
	gint64 until = g_get_monotonic_time() + PAUSE_MS * 1000;
	bool room;

	g_mutex_lock(&serve->counted);
	if (serve->count >= SERVE_MAX)
		g_cond_wait_until(&serve->gone, &serve->counted, until);
	room = serve->count < SERVE_MAX;
	g_mutex_unlock(&serve->counted);
	return room;
}

bool serve_try(struct serve *serve, GError **error)
{
	AUTO_SERVER_REPORT struct server_report report;
	AUTO_ATTEMPT struct attempt attempt;
	struct connect connect = { .connection = serve->connection,
				   .driver = &driver,
				   .label = serve->label };
	bool good;

	start(serve, &attempt, &report);
	good = connect_find(&connect, error);
	if (good && !connect.identity)
		good = devid_error_set(error, DEVID_NOT_FOUND, "no-certificate", NULL,
				       "proxy: there is no identity to sign in with");
	if (good) {
		attempt.identity = connect.identity;
		good = attempt_prepare(&attempt, NULL, error);
		attempt.identity = NULL;
	}
	let_go(&connect);
	return good;
}

void serve_run(struct serve *serve, int listener, int end)
{
	struct pollfd fds[] = { { listener, POLLIN, 0 }, { end, POLLIN, 0 } };

	for (;;) {
		bool room = has_room(serve);
		int fd;

		fds[0].fd = room ? listener : -1;
		if (poll(fds, 2, room ? -1 : 0) < 0 && errno != EINTR)
			return;
		if (fds[1].revents)
			return;
		if (!room || !fds[0].revents)
			continue;
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0)
			begin(serve, fd);
		else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
			/* Until a client has ended. */
			poll(&fds[1], 1, PAUSE_MS);
	}
}
