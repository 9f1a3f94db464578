/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The agent's client: whom it connects to, and how a call waits. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include <internal/cleanup.h>
#include <internal/client.h>
#include <internal/clock.h>

#define LEAVE_WAIT_MS	1000 /* for an agent of another version to go */
#define EARLIER_US	5    /* than one look before an answer is due, its looking begins */
#define LATE_MAX_US	200
#define NAP_MAX_US	5000
#define BUS_ADDRESS_MAX 1024

static int64_t now_ms(void)
{
	return clock_us() / 1000;
}

/* The folder decides who may put a socket there: ours alone, or root's and the agent's. */
static enum devid_result check_folder(enum scope scope, uid_t *owner)
{
	char folder[PATH_BUFFER];
	struct stat status;

	if (!path_runtime(scope, folder) || lstat(folder, &status) != 0)
		return DEVID_AGENT_GONE;
	if (!S_ISDIR(status.st_mode))
		return DEVID_DENIED;
	if (scope == SCOPE_USER && (status.st_uid != geteuid() || status.st_mode & 077))
		return DEVID_DENIED;
	if (scope == SCOPE_SYSTEM && status.st_mode & (S_IWGRP | S_IWOTH))
		return DEVID_DENIED;
	*owner = status.st_uid;
	return DEVID_OK;
}

static bool peer_is_agent(int fd, enum scope scope, uid_t folder_owner)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0)
		return false;
	if (scope == SCOPE_USER)
		return peer.uid == geteuid();
	return peer.uid == 0 || peer.uid == folder_owner;
}

/* A socket above 2: a host that closed its standard output must not print into it. */
static int open_socket(int bound_ms)
{
	struct timeval bound = { bound_ms / 1000, bound_ms % 1000 * 1000 };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && fd <= STDERR_FILENO) {
		int higher = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

		close(fd);
		fd = higher;
	}
	/* Bounds connect(), which waits while the agent's queue is full. */
	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof(bound)) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static enum devid_result connect_socket(int fd, enum scope scope, int bound_ms)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char path[PATH_BUFFER];
	int64_t deadline = now_ms() + bound_ms;

	if (!path_socket(scope, path))
		return DEVID_AGENT_GONE;
	memcpy(address.sun_path, path, strlen(path) + 1);
	while (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		if (errno == EAGAIN || (errno == EINTR && now_ms() >= deadline))
			return DEVID_TIMEOUT;
		if (errno == EISCONN)
			break;
		if (errno == EACCES || errno == EPERM)
			return DEVID_DENIED;
		if (errno != EINTR)
			return DEVID_AGENT_GONE;
	}
	return DEVID_OK;
}

static enum devid_result connect_once(struct client *client, enum scope scope, int bound_ms)
{
	AUTO_CLOSE int fd = -1;
	enum devid_result result;
	struct stat status;
	uid_t owner;

	result = check_folder(scope, &owner);
	if (result != DEVID_OK)
		return result;
	fd = open_socket(bound_ms);
	if (fd < 0 || fstat(fd, &status) != 0)
		return DEVID_IO;
	result = connect_socket(fd, scope, bound_ms);
	if (result != DEVID_OK)
		return result;
	if (!peer_is_agent(fd, scope, owner))
		return DEVID_DENIED;
	client->fd = take_fd(&fd);
	client->owner = getpid();
	client->scope = scope;
	client->inode = status.st_ino;
	return DEVID_OK;
}

/* HELLO; `*other` says that the agent speaks another protocol. */
static enum devid_result say_hello(struct client *client, bool *other)
{
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT;
	AUTO_FRAME struct wire_frame reply = WIRE_FRAME_INIT;
	const char *bus =
		client->scope == SCOPE_USER ? secure_getenv("DBUS_SESSION_BUS_ADDRESS") : NULL;
	uint32_t protocol = 0, may_sign = 0;
	enum devid_result result;

	wire_begin(&request, WIRE_HELLO);
	wire_put_u32(&request, TAG_PROTOCOL, WIRE_VERSION);
	/* An agent that another session of the user started knows another, which may be gone. */
	if (bus && strlen(bus) < BUS_ADDRESS_MAX)
		wire_put_text(&request, TAG_BUS, bus);
	result = wire_finish(&request);
	client->spin.skip = 1; /* it takes the agent a thread */
	if (result == DEVID_OK)
		result = client_call(client, &request, &reply);
	client->expected_us = 0; /* other requests take another time */
	*other = client->fd >= 0 &&
		 (!wire_get_u32(&reply, TAG_PROTOCOL, &protocol) || protocol != WIRE_VERSION);
	if (result == DEVID_OK && !*other)
		client->may_sign = wire_get_u32(&reply, TAG_MAY_SIGN, &may_sign) && may_sign;
	return result;
}

/* An older agent leaves when it hears our version: it ends the connection as it goes. */
static void wait_for_leave(const struct client *client)
{
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;

	if (socket_receive(client->fd, &frame, LEAVE_WAIT_MS, 0) == DEVID_OK)
		frame.result = DEVID_BAD_DATA; /* nothing was asked */
}

enum devid_result client_connect(struct client *client, enum scope scope, enum client_start start)
{
	enum devid_result result = DEVID_AGENT_GONE;
	bool other = false;

	client_close(client);
	for (int attempt = 0; attempt < 2; attempt++) {
		result = connect_once(client, scope, CLIENT_WAIT_MS);
		if (result == DEVID_AGENT_GONE && start == CLIENT_START) {
			result = spawn_agent(scope);
			if (result == DEVID_OK)
				result = connect_once(client, scope, CLIENT_WAIT_MS);
		}
		if (result != DEVID_OK)
			return result;
		result = say_hello(client, &other);
		if (result == DEVID_OK && !other)
			return DEVID_OK;
		if (other)
			wait_for_leave(client);
		client_close(client);
		/* An agent that was just leaving as we came: the second attempt starts a new
		 * one. */
		if (!other && result != DEVID_AGENT_GONE)
			return result;
	}
	return other ? DEVID_AGENT_GONE : result;
}

static bool fd_is_ours(const struct client *client)
{
	struct stat status;

	return fstat(client->fd, &status) == 0 && S_ISSOCK(status.st_mode) &&
	       status.st_ino == client->inode;
}

bool client_is_connected(const struct client *client)
{
	return client->fd >= 0 && client->owner == getpid() && fd_is_ours(client);
}

void client_close(struct client *client)
{
	if (client->fd >= 0 && fd_is_ours(client))
		close(client->fd);
	*client = CLIENT_INIT;
}

/* An answer that takes longer than we look for it (RSA does) is slept for until shortly before it
 * is due, and looked for then: being woken late costs a sixth of an RSA signature. By how much a
 * sleep ends late depends on the machine, and is learned.
 */
static void nap(struct client *client)
{
	struct pollfd entry = { .fd = client->fd, .events = POLLIN };
	int early = SPIN_US + client->late_us - EARLIER_US;
	int length = (int)client->expected_us - early;
	struct timespec bound = { 0, 0 };
	int64_t start;

	if (length <= 0 || client->expected_us > NAP_MAX_US)
		return;
	bound.tv_nsec = length * 1000L;
	start = clock_us();
	if (ppoll(&entry, 1, &bound, NULL) == 0)
		client->late_us += ((int)(clock_us() - start) - length - client->late_us) / 4;
	if (client->late_us < 0 || client->late_us > LATE_MAX_US)
		client->late_us = CLIENT_LATE_US;
}

/* How long to look for the answer to a request that has been sent. */
static unsigned begin_look(struct client *client)
{
	if (!spin_wanted(&client->spin))
		return 0;
	nap(client);
	return SPIN_US;
}

/* Follows a faster answer at once and a slower one by and by. */
static void learn(struct client *client, int64_t took_us, int64_t looked_us, unsigned look)
{
	unsigned took = took_us < UINT_MAX / 2 ? (unsigned)took_us : UINT_MAX / 2;

	if (took < client->expected_us || client->expected_us == 0)
		client->expected_us = took;
	else
		client->expected_us += (took - client->expected_us) / 8;
	if (look > 0)
		spin_learn(&client->spin, looked_us <= look);
}

static void (*tell_wait)(void);

void client_on_wait(void (*told)(void))
{
	tell_wait = told;
}

/* Waits through PROGRESS frames, which come every two seconds while a person is asked. */
static enum devid_result receive_reply(const struct client *client, struct wire_frame *reply,
				       unsigned look)
{
	enum devid_result result = socket_receive(client->fd, reply, CLIENT_WAIT_MS, look);
	int64_t deadline;

	if (result != DEVID_OK || wire_type(reply) != WIRE_PROGRESS)
		return result;
	if (tell_wait)
		tell_wait();
	deadline = now_ms() + CLIENT_PROMPT_WAIT_MS;
	do {
		int64_t left = deadline - now_ms();

		if (left <= 0)
			return DEVID_TIMEOUT;
		result = socket_receive(client->fd, reply,
					left < CLIENT_WAIT_MS ? (int)left : CLIENT_WAIT_MS, 0);
	} while (result == DEVID_OK && wire_type(reply) == WIRE_PROGRESS);
	return result;
}

enum devid_result client_exchange(struct client *client, const struct wire_frame *request,
				  struct wire_frame *reply, bool *broken)
{
	int64_t start, looked = 0;
	enum devid_result result;
	uint32_t code = 0;
	unsigned look = 0;

	*broken = true;
	if (!client_is_connected(client))
		return DEVID_AGENT_GONE;
	start = clock_us();
	result = socket_send(client->fd, request, CLIENT_WAIT_MS);
	if (result == DEVID_OK) {
		look = begin_look(client);
		looked = clock_us();
		result = receive_reply(client, reply, look);
	}
	if (result == DEVID_OK &&
	    (wire_type(reply) != WIRE_REPLY || !wire_get_u32(reply, TAG_RESULT, &code)))
		result = DEVID_BAD_DATA;
	if (result != DEVID_OK) {
		wire_frame_clear(reply);
		return result;
	}
	*broken = false;
	learn(client, clock_us() - start, clock_us() - looked, look);
	return code < DEVID_RESULT_COUNT ? (enum devid_result)code : DEVID_FAILED;
}

enum devid_result client_call(struct client *client, const struct wire_frame *request,
			      struct wire_frame *reply)
{
	bool broken;
	enum devid_result result = client_exchange(client, request, reply, &broken);

	if (broken)
		client_close(client);
	return result;
}

enum devid_result client_tell(enum scope scope, const struct wire_frame *request, int bound_ms)
{
	AUTO_CLIENT struct client client = CLIENT_INIT;
	AUTO_FRAME struct wire_frame reply = WIRE_FRAME_INIT;
	int64_t deadline = now_ms() + bound_ms;
	enum devid_result result = connect_once(&client, scope, bound_ms);
	int64_t left = deadline - now_ms();

	if (result == DEVID_OK)
		result = socket_send(client.fd, request, left > 0 ? (int)left : 0);
	left = deadline - now_ms();
	if (result == DEVID_OK)
		result = socket_receive(client.fd, &reply, left > 0 ? (int)left : 0, 0);
	return result;
}
