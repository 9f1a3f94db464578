/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One client's thread. Between requests it costs nothing; right after one it looks for the next for
 * a moment before it sleeps, since waking a sleeper costs more than a signature. One thread at a
 * time looks, so that many clients don't burn many CPUs.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>
#include "agent/request/request.h"
#include "connection.h"

#define RECEIVE_MS 5000 /* for the rest of a request that has begun, and for the answer to go */
#define STACK	   (1024 * 1024)

static atomic_flag looking = ATOMIC_FLAG_INIT;

static bool several_processors(void)
{
	static gsize known;

	if (g_once_init_enter(&known)) {
		cpu_set_t set;
		bool several = sched_getaffinity(0, sizeof(set), &set) < 0 || CPU_COUNT(&set) > 1;

		g_once_init_leave(&known, several ? 2 : 1);
	}
	return known == 2;
}

/* Whether there is something to read, the end of file too. */
static bool readable(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN;
}

static bool look(struct connection *connection)
{
	gint64 end;
	bool found = false;

	if (!spin_wanted(&connection->spin) || !several_processors() ||
	    atomic_flag_test_and_set(&looking))
		return false;
	end = g_get_monotonic_time() + SPIN_US;
	while (!found && g_get_monotonic_time() < end)
		found = readable(connection->fd);
	atomic_flag_clear(&looking);
	spin_learn(&connection->spin, found);
	return found;
}

static void wait_readable(struct connection *connection)
{
	struct pollfd entry = { .fd = connection->fd, .events = POLLIN };

	if (readable(connection->fd) || look(connection))
		return;
	while (poll(&entry, 1, -1) < 0 && errno == EINTR)
		;
}

static enum devid_result send_frame(struct connection *connection, const struct wire_frame *frame,
				    int timeout_ms)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&connection->sending);

	return socket_send(connection->fd, frame, timeout_ms);
}

/* A prompt is open. Comes from any thread and must not wait for a client that doesn't read. */
static void tell_progress(void *data)
{
	struct connection *connection = data;
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;

	g_atomic_int_set(&connection->session.prompted, true);
	wire_begin(&frame, WIRE_PROGRESS);
	if (wire_finish(&frame) == DEVID_OK)
		(void)!send_frame(connection, &frame, 0);
}

static void slow(struct session *session, bool begins)
{
	/* The session is the connection's first member. */
	struct connection *connection = (struct connection *)session;

	connection->owner->watch(connection->server, connection, begins);
}

/* What can't be read as a frame is answered once, then the connection ends. */
static void refuse_frame(struct connection *connection, enum devid_result result)
{
	AUTO_FRAME struct wire_frame reply = WIRE_FRAME_INIT;

	wire_begin(&reply, WIRE_REPLY);
	wire_put_u32(&reply, TAG_RESULT, result);
	wire_put_text(&reply, TAG_MESSAGE, "agent: the request is damaged or of another version");
	if (wire_finish(&reply) == DEVID_OK)
		(void)!send_frame(connection, &reply, 0);
}

static enum connection_holds holds(const struct session *session)
{
	if (session->undo)
		return HOLDS_IMPORT;
	return session->operation ? HOLDS_SIGNATURE : HOLDS_NOTHING;
}

static bool serve_one(struct connection *connection, struct wire_frame *request,
		      struct wire_frame *reply)
{
	enum devid_result result;

	wait_readable(connection);
	result = socket_receive_request(connection->fd, request, RECEIVE_MS);
	if (result != DEVID_OK) {
		if (result == DEVID_BAD_DATA)
			refuse_frame(connection, result);
		return false;
	}
	atomic_store(&connection->busy_since, g_get_monotonic_time());
	connection->owner->throttle(connection->server, connection->session.peer.uid);
	g_atomic_int_set(&connection->session.prompted, false);
	request_handle(&connection->session, request, reply);
	/* A request that carried a key is not kept until the next one. */
	if (wire_type(request) != WIRE_HELLO)
		atomic_store(&connection->fresh, false);
	if (wire_type(request) != WIRE_SIGN)
		wire_frame_clear(request);
	atomic_store(&connection->holds, holds(&connection->session));
	result = send_frame(connection, reply, RECEIVE_MS);
	atomic_store(&connection->used, g_get_monotonic_time());
	atomic_store(&connection->busy_since, 0);
	return result == DEVID_OK;
}

/* A client that is new says HELLO first, and would get no further. */
static bool has_had_its_turn(const struct connection *connection)
{
	return !atomic_load(&connection->fresh) &&
	       atomic_load(&connection->holds) == HOLDS_NOTHING &&
	       connection->owner->crowded(connection->server);
}

static void *serve(void *data)
{
	struct connection *connection = data;
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT;
	AUTO_FRAME struct wire_frame reply = WIRE_FRAME_INIT;

	while (serve_one(connection, &request, &reply) && !has_had_its_turn(connection))
		;
	/* What is taken back now is work like any other. */
	atomic_store(&connection->busy_since, g_get_monotonic_time());
	request_end(&connection->session);
	connection->owner->forget(connection->server, connection);
	return NULL;
}

static bool start_thread(struct connection *connection)
{
	pthread_attr_t attributes;
	pthread_t thread;
	bool started;

	if (pthread_attr_init(&attributes) != 0)
		return false;
	started = pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0 &&
		  pthread_attr_setstacksize(&attributes, STACK) == 0 &&
		  pthread_create(&thread, &attributes, serve, connection) == 0;
	pthread_attr_destroy(&attributes);
	return started;
}

struct connection *server_connection_start(const struct connection_owner *owner,
					   struct server *server, struct agent *agent, int fd,
					   const struct peer *peer, guint64 number)
{
	struct connection *connection = g_new0(struct connection, 1);

	request_begin(&connection->session, agent);
	connection->session.peer = *peer;
	connection->session.wait.progress = tell_progress;
	connection->session.wait.data = connection;
	connection->session.slow = slow;
	connection->owner = owner;
	connection->server = server;
	connection->fd = fd;
	connection->number = number;
	atomic_store(&connection->used, g_get_monotonic_time());
	atomic_store(&connection->fresh, true);
	g_mutex_init(&connection->sending);
	if (start_thread(connection))
		return connection;
	syslog(LOG_ERR, "client refused: no thread for it");
	server_connection_free(connection);
	return NULL;
}

void server_connection_free(struct connection *connection)
{
	close(connection->fd);
	g_mutex_clear(&connection->sending);
	g_free(connection);
}
