/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The proxy's clients: see serve.h. */
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
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
/* Of a side that says nothing for so long, its system is asked whether it is there. */
#define SILENT_S    60
#define ASK_AGAIN_S 20
#define ASK_COUNT   3

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

/* Whether its close is a reset: of TCP. A Unix socket has no such end. */
static void set_sudden(int fd, bool sudden)
{
	struct linger linger = { sudden, 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

/* A side that went away without a word, with its machine or its network, is to be missed. */
static void keep_alive(int fd)
{
	static const int on = 1, silent = SILENT_S, again = ASK_AGAIN_S, count = ASK_COUNT;

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &silent, sizeof(silent));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &again, sizeof(again));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
}

/* A reset throws away what is on its way. What the server said is the program's to read, also where
 * the server then ended without a word, as many do. */
static void wait_for_reader(int fd)
{
	struct pollfd gone = { fd, 0, 0 };
	int left;

	while (ioctl(fd, SIOCOUTQ, &left) == 0 && left > 0 && poll(&gone, 1, PAUSE_MS) <= 0)
		;
}

static void carry(struct serve *serve, struct attempt *attempt, int plain)
{
	struct server_report *report = attempt->report;
	int secure = g_socket_get_fd(g_socket_connection_get_socket(attempt->connection));
	int code;

	keep_alive(plain);
	keep_alive(secure);
	code = relay_run(plain, secure, attempt->session);
	if (code == 0)
		set_sudden(plain, false);
	else
		wait_for_reader(plain);
	/* In TLS 1.3 the server speaks of the certificate after the handshake. */
	if (code != GNUTLS_E_FATAL_ALERT_RECEIVED)
		return;
	probe_take_failure(attempt, code);
	tell_server(serve, report);
}

/* --- one client ------------------------------------------------------------------------------ */

/* Another user can come as often as he likes: one line a second. */
static void say_refused(struct serve *serve, const char *why)
{
	gint64 now = g_get_monotonic_time();

	g_mutex_lock(&serve->one);
	if (now - serve->refused >= G_USEC_PER_SEC) {
		report_warning("%s: refused a client: %s", serve->connection->gateway, why);
		serve->refused = now;
	}
	g_mutex_unlock(&serve->one);
}

static bool is_ours(struct serve *serve, int fd)
{
	g_autofree char *why = NULL;
	uid_t uid;

	if (!owner_find(fd, &uid)) {
		say_refused(serve, "whose it is can't be told");
		return false;
	}
	if (uid == geteuid())
		return true;
	why = g_strdup_printf("it is another user's (%u)", uid);
	say_refused(serve, why);
	return false;
}

static void serve_client(struct serve *serve, int fd)
{
	g_autoptr(GError) error = NULL;
	AUTO_SERVER_REPORT struct server_report report;
	AUTO_ATTEMPT struct attempt attempt;

	start(serve, &attempt, &report);
	/* Until it has ended in order: also where this process is killed. */
	set_sudden(fd, true);
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
