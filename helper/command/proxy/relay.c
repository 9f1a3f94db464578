/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two directions of bytes: see relay.h. */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "relay.h"

/* One direction. */
struct flow {
	unsigned char bytes[RELAY_ROOM];
	size_t length, sent;
	bool ended; /* its source has nothing more */
	bool told;  /* and its destination knows */
};

struct relay {
	int plain, secure;
	gnutls_session_t session;
	struct flow up, down; /* to the server, from it */
	bool blocked;	      /* the session waits to send */
	bool stuck;	      /* the plain side takes nothing now */
};

static bool is_empty(const struct flow *flow)
{
	return flow->sent == flow->length;
}

static void took(struct flow *flow, size_t count)
{
	flow->sent += count;
	if (is_empty(flow))
		flow->length = flow->sent = 0;
}

/* The session's code; 0 where it only has to wait. */
static int session_code(struct relay *relay, ssize_t code)
{
	if (code == GNUTLS_E_AGAIN && gnutls_record_get_direction(relay->session) == 1)
		relay->blocked = true;
	return gnutls_error_is_fatal((int)code) ? (int)code : 0;
}

static int read_plain(struct relay *relay)
{
	struct flow *up = &relay->up;
	ssize_t count;

	if (up->ended || !is_empty(up))
		return 0;
	count = recv(relay->plain, up->bytes, RELAY_ROOM, MSG_DONTWAIT);
	if (count > 0)
		up->length = (size_t)count;
	else if (count == 0)
		up->ended = true;
	else if (errno != EAGAIN && errno != EINTR)
		return GNUTLS_E_PULL_ERROR;
	return 0;
}

static int write_plain(struct relay *relay)
{
	struct flow *down = &relay->down;
	ssize_t count;

	relay->stuck = false;
	if (!is_empty(down)) {
		count = send(relay->plain, down->bytes + down->sent, down->length - down->sent,
			     MSG_DONTWAIT | MSG_NOSIGNAL);
		if (count >= 0)
			took(down, (size_t)count);
		else if (errno == EAGAIN)
			relay->stuck = true;
		else if (errno != EINTR)
			return GNUTLS_E_PULL_ERROR;
	}
	if (is_empty(down) && down->ended && !down->told) {
		shutdown(relay->plain, SHUT_WR);
		down->told = true;
	}
	return 0;
}

static int write_secure(struct relay *relay)
{
	struct flow *up = &relay->up;
	ssize_t code;

	if (!is_empty(up)) {
		code = gnutls_record_send(relay->session, up->bytes + up->sent,
					  up->length - up->sent);
		if (code < 0)
			return session_code(relay, code);
		took(up, (size_t)code);
	}
	if (is_empty(up) && up->ended && !up->told) {
		code = gnutls_bye(relay->session, GNUTLS_SHUT_WR);
		if (code < 0)
			return session_code(relay, code);
		up->told = true;
	}
	return 0;
}

static int read_secure(struct relay *relay)
{
	struct flow *down = &relay->down;
	ssize_t code;

	if (down->ended || !is_empty(down))
		return 0;
	code = gnutls_record_recv(relay->session, down->bytes, RELAY_ROOM);
	if (code > 0)
		down->length = (size_t)code;
	else if (code == 0)
		down->ended = true;
	else
		return session_code(relay, code);
	return 0;
}

/* What can be done at once. */
static int step(struct relay *relay)
{
	int code;

	relay->blocked = false;
	code = read_plain(relay);
	if (code == 0)
		code = write_secure(relay);
	if (code == 0)
		code = read_secure(relay);
	if (code == 0)
		code = write_plain(relay);
	return code;
}

/* A descriptor of which nothing is wanted is left out: its end would be told again and again. */
static struct pollfd entry(int fd, bool in, bool out)
{
	return (struct pollfd){ in || out ? fd : -1,
				(short)((in ? POLLIN : 0) | (out ? POLLOUT : 0)), 0 };
}

/* False: there is more to do at once. */
static bool has_to_wait(const struct relay *relay)
{
	bool reads = !relay->down.ended && is_empty(&relay->down);
	bool sends = !is_empty(&relay->up) || (relay->up.ended && !relay->up.told);

	return !(reads && gnutls_record_check_pending(relay->session) > 0) &&
	       (!sends || relay->blocked) && (is_empty(&relay->down) || relay->stuck);
}

/* A plain side of which nothing more is to come is watched for being there at all: else it would be
 * missed only when the server sends. */
static int wait_for_more(const struct relay *relay)
{
	bool watched = relay->up.told && !relay->down.told;
	struct pollfd fds[] = {
		entry(relay->plain, !relay->up.ended && is_empty(&relay->up), relay->stuck),
		entry(relay->secure, !relay->down.ended && is_empty(&relay->down), relay->blocked),
	};

	if (watched)
		fds[0].fd = relay->plain;
	/* Interrupted: it is looked at once more than needed. */
	if (poll(fds, 2, has_to_wait(relay) ? -1 : 0) <= 0)
		return 0;
	return watched && fds[0].revents & (POLLERR | POLLHUP) ? GNUTLS_E_PULL_ERROR : 0;
}

int relay_run(int plain, int secure, gnutls_session_t session)
{
	struct relay relay = { .plain = plain, .secure = secure, .session = session };
	int code;

	while ((code = step(&relay)) == 0 && !(relay.up.told && relay.down.told) &&
	       (code = wait_for_more(&relay)) == 0)
		;
	return code;
}
