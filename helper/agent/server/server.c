/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The main thread: accepts clients, sees to bounds, and ends the process.
 *
 * Leaving goes by requests, not by connections: an openconnect process keeps its connection for
 * days and uses it for a second. After 60 s without a request the agent withdraws its socket, tells
 * the connections that nothing more is read (a request that is on its way already is still
 * answered; one that comes later fails to be sent, so its client knows that nothing was done and
 * connects anew), and ends.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>
#include "agent/gate/peer.h"
#include "connection.h"
#include "crowd.h"
#include "listen.h"
#include "server.h"
#include "throttle.h"

#define CONNECTIONS_MAX	  256
#define CONNECTIONS_A_UID 64 /* of the system scope, root apart */
#define SECOND		  G_USEC_PER_SEC
/* Longer than anything that a store does by its own bounds (120 s for a prompt). */
#define SLOW_MAX (130 * SECOND)
/* A request that exceeds every bound: the process is not to be trusted any more. */
#define WATCHDOG	(180 * SECOND)
#define TICK_LEAVING_MS 10
#define TICK_CROWDED_MS 200 /* somebody may have become idle */
#define TICK_BUSY_MS	1000
#define TICK_MS		60000
#define END_WAIT_IDLE	(1 * SECOND)
#define END_WAIT	(5 * SECOND)

enum source { SOURCE_LISTEN, SOURCE_SIGNAL, SOURCE_WAKE, SOURCE_CONNECTION = 16 };

struct server {
	struct agent_server base; /* first: the agent knows it by that */
	struct agent *agent;
	struct listening *listening;
	gint64 idle;   /* microseconds; 0: never */
	gint64 active; /* when a client came last */
	int poll_fd, signal_fd, wake_fd;
	gint accepting;	 /* atomic: connections read it */
	gint leave, end; /* atomic: when idle for a moment; now */
	struct throttle *throttle;
	GMutex lock; /* of all below */
	GCond ended;
	GPtrArray *connections;
	guint64 next_number;
};

static void wake(struct server *server)
{
	guint64 one = 1;

	(void)!write(server->wake_fd, &one, sizeof(one));
}

/* For whom the server is what the agent knows of it. */
static struct server *of(struct agent_server *base)
{
	return (struct server *)base;
}

static void leave(struct agent_server *base)
{
	struct server *server = of(base);

	g_atomic_int_set(&server->leave, true);
	wake(server);
}

static guint count_clients(struct server *server)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&server->lock);

	return server->connections->len;
}

static guint clients(struct agent_server *base)
{
	return count_clients(of(base));
}

static guint asking(struct agent_server *base)
{
	struct server *server = of(base);
	guint asking = 0;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&server->lock);

	for (guint i = 0; i < server->connections->len; i++) {
		struct connection *connection = server->connections->pdata[i];

		asking += atomic_load(&connection->busy_since) != 0 &&
			  g_atomic_int_get(&connection->session.prompted);
	}
	return asking;
}

static void throttle(struct server *server, uid_t uid)
{
	if (server->agent->scope == SCOPE_SYSTEM && uid != 0)
		throttle_wait(server->throttle, uid);
}

/* A store is waited for: from now on the peer's hangup ends the wait. */
static void watch(struct server *server, struct connection *connection, bool begins)
{
	struct epoll_event event = { .events = EPOLLRDHUP, .data.u64 = connection->number };
	struct store_wait *wait = &connection->session.wait;

	g_mutex_lock(&server->lock);
	if (begins) {
		g_clear_object(&wait->cancel);
		wait->cancel = g_cancellable_new();
		connection->slow_since = g_get_monotonic_time();
		(void)epoll_ctl(server->poll_fd, EPOLL_CTL_ADD, connection->fd, &event);
		if (server->end)
			g_cancellable_cancel(wait->cancel);
	} else {
		(void)epoll_ctl(server->poll_fd, EPOLL_CTL_DEL, connection->fd, &event);
		connection->slow_since = 0;
	}
	g_mutex_unlock(&server->lock);
	if (begins)
		wake(server);
}

static void forget(struct server *server, struct connection *connection)
{
	g_mutex_lock(&server->lock);
	g_ptr_array_remove_fast(server->connections, connection);
	server_connection_free(connection);
	g_cond_signal(&server->ended);
	/* Under the lock: who waits for the last connection may free the server after it. */
	if (!g_atomic_int_get(&server->accepting))
		wake(server);
	g_mutex_unlock(&server->lock);
}

/* Of more clients than there is room for each has its turn: who was answered goes, and comes again
 * behind those who wait. None is idle then for end_one() to find.
 */
static bool crowded(struct server *server)
{
	struct pollfd waiting = { .fd = server->listening->fd, .events = POLLIN };

	return !g_atomic_int_get(&server->accepting) && poll(&waiting, 1, 0) > 0;
}

static const struct connection_owner owner = { watch, forget, throttle, crowded };

static void set_accepting(struct server *server, bool accepting)
{
	struct epoll_event event = { .events = accepting ? EPOLLIN : 0, .data.u64 = SOURCE_LISTEN };

	if (g_atomic_int_get(&server->accepting) == accepting || server->listening->fd < 0)
		return;
	g_atomic_int_set(&server->accepting, accepting);
	(void)epoll_ctl(server->poll_fd, EPOLL_CTL_MOD, server->listening->fd, &event);
}

/* With the lock held: makes room. */
static bool end_one(struct server *server, uid_t uid)
{
	struct connection *connection = crowd_pick(server->connections, uid);

	if (!connection)
		return false;
	connection->ending = true;
	(void)shutdown(connection->fd, SHUT_RD);
	return true;
}

/* With the lock held. */
static bool peer_welcome(struct server *server, const struct peer *peer)
{
	if (server->agent->scope == SCOPE_USER)
		return peer->uid == server->agent->uid;
	return peer->uid == 0 || crowd_count(server->connections, peer->uid) < CONNECTIONS_A_UID ||
	       end_one(server, peer->uid);
}

static void accept_one(struct server *server, int fd)
{
	struct connection *connection = NULL;
	struct peer peer;

	g_mutex_lock(&server->lock);
	if (peer_of_socket(&peer, fd) && peer_welcome(server, &peer))
		connection = server_connection_start(&owner, server, server->agent, fd, &peer,
						     server->next_number++);
	else
		close(fd);
	if (connection)
		g_ptr_array_add(server->connections, connection);
	/* At the bound the others stay in the kernel's queue until one here has gone. */
	if (server->connections->len >= CONNECTIONS_MAX) {
		set_accepting(server, false);
		end_one(server, CROWD_ANYBODY);
	}
	g_mutex_unlock(&server->lock);
	server->active = g_get_monotonic_time();
}

static void accept_all(struct server *server)
{
	while (g_atomic_int_get(&server->accepting) && server->listening->fd >= 0) {
		int fd = accept4(server->listening->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			accept_one(server, fd);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
			syslog(LOG_ERR, "client waits: %s", strerror(errno));
			set_accepting(server, false);
		}
		if (errno != EINTR && errno != ECONNABORTED)
			return;
	}
}

/* Ends the wait of a connection outside the lock: what is called then takes locks of its own. */
static void cancel(GCancellable *cancellable)
{
	g_cancellable_cancel(cancellable);
	g_object_unref(cancellable);
}

static void hangup(struct server *server, guint64 number)
{
	GCancellable *cancellable = NULL;

	g_mutex_lock(&server->lock);
	for (guint i = 0; i < server->connections->len; i++) {
		struct connection *connection = server->connections->pdata[i];

		if (connection->number != number || !connection->slow_since)
			continue;
		(void)epoll_ctl(server->poll_fd, EPOLL_CTL_DEL, connection->fd,
				&(struct epoll_event){ 0 });
		g_atomic_int_set(&connection->session.gone, true);
		cancellable = g_object_ref(connection->session.wait.cancel);
	}
	g_mutex_unlock(&server->lock);
	if (cancellable)
		cancel(cancellable);
}

/* Looks over the connections: cancels waits that are over their bound, or all. Answers how many
 * requests are being answered, and when the last of them was.
 */
static guint look_over(struct server *server, bool cancel_all, gint64 *active, bool *slow)
{
	g_autoptr(GPtrArray) over = g_ptr_array_new();
	gint64 now = g_get_monotonic_time();
	guint busy = 0;

	*slow = false;
	*active = server->active;
	g_mutex_lock(&server->lock);
	for (guint i = 0; i < server->connections->len; i++) {
		struct connection *connection = server->connections->pdata[i];
		gint64 since = atomic_load(&connection->busy_since);
		gint64 used = atomic_load(&connection->used);

		*active = MAX(*active, MAX(used, since));
		busy += since != 0;
		*slow = *slow || connection->slow_since;
		if (since && now - since > WATCHDOG) {
			syslog(LOG_CRIT,
			       "watchdog: a request takes longer than %d s: the agent ends",
			       (int)(WATCHDOG / SECOND));
			_exit(3);
		}
		if (connection->slow_since &&
		    (cancel_all || now - connection->slow_since > SLOW_MAX))
			g_ptr_array_add(over, g_object_ref(connection->session.wait.cancel));
	}
	g_mutex_unlock(&server->lock);
	for (guint i = 0; i < over->len; i++)
		cancel(over->pdata[i]);
	return busy;
}

/* How long to sleep; 0: it is time to leave. */
static int time_to_wait(struct server *server)
{
	gint64 active, left;
	bool slow;
	guint busy = look_over(server, false, &active, &slow);

	if (g_atomic_int_get(&server->end) || (!busy && g_atomic_int_get(&server->leave)))
		return 0;
	if (g_atomic_int_get(&server->leave))
		return TICK_LEAVING_MS;
	if (slow || busy)
		return TICK_BUSY_MS;
	if (!server->idle)
		return count_clients(server) > 0 ? TICK_MS : -1;
	left = server->idle - (g_get_monotonic_time() - active);
	return left > 0 ? (int)(left / 1000) + 1 : 0;
}

static void take_signal(struct server *server)
{
	struct signalfd_siginfo information;

	if (read(server->signal_fd, &information, sizeof(information)) == sizeof(information))
		g_atomic_int_set(&server->end, true);
}

static void take_wake(struct server *server)
{
	guint64 count;

	(void)!read(server->wake_fd, &count, sizeof(count));
	if (g_atomic_int_get(&server->leave))
		return;
	if (count_clients(server) < CONNECTIONS_MAX)
		set_accepting(server, true);
}

static void take_event(struct server *server, guint64 source)
{
	switch (source) {
	case SOURCE_LISTEN:
		accept_all(server);
		break;
	case SOURCE_SIGNAL:
		take_signal(server);
		break;
	case SOURCE_WAKE:
		take_wake(server);
		break;
	default:
		hangup(server, source);
	}
}

/* Nothing more is read: what is in a connection's buffer is still answered, then it ends. */
static void end_connections(struct server *server)
{
	gint64 bound = g_get_monotonic_time() + (server->end ? END_WAIT : END_WAIT_IDLE), active;
	bool slow, in_time = true;

	(void)look_over(server, server->end, &active, &slow);
	g_mutex_lock(&server->lock);
	for (guint i = 0; i < server->connections->len; i++) {
		struct connection *connection = server->connections->pdata[i];

		(void)shutdown(connection->fd, SHUT_RD);
	}
	/* A request that came in at the last moment may take its time, and has it. */
	while (server->connections->len > 0 && in_time)
		in_time = g_cond_wait_until(&server->ended, &server->lock, bound);
	g_mutex_unlock(&server->lock);
	while (!server->end && count_clients(server) > 0) {
		struct epoll_event event;

		if (look_over(server, false, &active, &slow) == 0 && !in_time)
			break;
		in_time = false;
		if (epoll_wait(server->poll_fd, &event, 1, TICK_BUSY_MS) > 0)
			take_event(server, event.data.u64);
	}
}

static void make_room(struct server *server)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&server->lock);

	(void)end_one(server, CROWD_ANYBODY);
}

int server_run(struct server *server)
{
	int wait_ms;

	for (;;) {
		struct epoll_event events[16];
		int count;

		wait_ms = time_to_wait(server);
		if (wait_ms == 0) {
			bool idle = !server->end && !server->leave;

			if (listen_withdraw(server->listening, idle))
				break;
			/* Somebody is coming. */
			server->active = g_get_monotonic_time();
			continue;
		}
		if (crowded(server)) {
			make_room(server);
			wait_ms = TICK_CROWDED_MS;
		}
		count = epoll_wait(server->poll_fd, events, G_N_ELEMENTS(events), wait_ms);
		for (int i = 0; i < count; i++)
			take_event(server, events[i].data.u64);
	}
	server->accepting = false;
	end_connections(server);
	return count_clients(server) > 0;
}

static void add_source(struct server *server, int fd, enum source source)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = source };

	if (epoll_ctl(server->poll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		syslog(LOG_ERR, "epoll: %s", strerror(errno));
}

struct server *server_new(struct agent *agent, struct listening *listening, unsigned idle_seconds)
{
	struct server *server = g_new0(struct server, 1);
	sigset_t signals;

	server->agent = agent;
	server->listening = listening;
	server->idle = (gint64)idle_seconds * SECOND;
	server->active = g_get_monotonic_time();
	server->next_number = SOURCE_CONNECTION;
	server->accepting = true;
	server->connections = g_ptr_array_new();
	server->throttle = throttle_new();
	g_mutex_init(&server->lock);
	g_cond_init(&server->ended);
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	server->poll_fd = epoll_create1(EPOLL_CLOEXEC);
	server->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	server->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (server->poll_fd < 0 || server->signal_fd < 0 || server->wake_fd < 0) {
		server_free(server);
		return NULL;
	}
	add_source(server, listening->fd, SOURCE_LISTEN);
	add_source(server, server->signal_fd, SOURCE_SIGNAL);
	add_source(server, server->wake_fd, SOURCE_WAKE);
	server->base = (struct agent_server){ leave, clients, asking };
	agent->server = &server->base;
	return server;
}

void server_free(struct server *server)
{
	server->agent->server = NULL;
	close(server->poll_fd);
	close(server->signal_fd);
	close(server->wake_fd);
	g_ptr_array_unref(server->connections);
	throttle_free(server->throttle);
	g_cond_clear(&server->ended);
	g_mutex_clear(&server->lock);
	g_free(server);
}
