/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cookie: one line from a pipe of the caller's. openconnect takes an empty one for none, signs
 * in by itself and runs a browser, as root: so what is not plainly a cookie is refused.
 */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>
#include <glib-unix.h>
#include <internal/tunnel.h>

#include "cookie.h"
#include "tunnel.h"

/* The longest that are known have some 3,000. */
#define COOKIE_MAX (16 * 1024)
/* It lies in the pipe before the call comes. */
#define BOUND_MS 5000

bool cookie_is_sound(struct secret *cookie)
{
	if (cookie->length > 0 && cookie->data[cookie->length - 1] == '\n')
		cookie->length--;
	if (cookie->length == 0 || cookie->data[0] == ' ')
		return false;
	for (size_t i = 0; i < cookie->length; i++)
		if (cookie->data[i] < ' ' || cookie->data[i] > '~')
			return false;
	return secret_append(cookie, "\n", 1) == DEVID_OK;
}

void cookie_end(struct tunnel *tunnel)
{
	if (tunnel->pipe_source != 0)
		g_source_remove(tunnel->pipe_source);
	if (tunnel->pipe_timer != 0)
		g_source_remove(tunnel->pipe_timer);
	tunnel->pipe_source = tunnel->pipe_timer = 0;
	if (tunnel->pipe >= 0)
		close(tunnel->pipe);
	tunnel->pipe = -1;
}

static void end(struct tunnel *tunnel, GError *error)
{
	cookie_end(tunnel);
	tunnel->then(tunnel, error);
}

/* 1: more may come; 0: its end; -1: it can't be read, or is too long. */
static int take_some(struct tunnel *tunnel)
{
	char buffer[4096];
	ssize_t got = read(tunnel->pipe, buffer, sizeof(buffer));
	int answer = got > 0 ? 1 : got == 0 ? 0 : -1;

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return 1;
	if (got > 0 && (tunnel->cookie.length + (size_t)got > COOKIE_MAX ||
			secret_append(&tunnel->cookie, buffer, (size_t)got) != DEVID_OK))
		answer = -1;
	secret_wipe(buffer, sizeof(buffer));
	return answer;
}

static gboolean readable(gint fd, GIOCondition condition, gpointer data)
{
	struct tunnel *tunnel = data;
	int more = take_some(tunnel);

	if (more > 0)
		return G_SOURCE_CONTINUE;
	end(tunnel, more == 0 && cookie_is_sound(&tunnel->cookie)
			    ? NULL
			    : tunnel_error(TUNNEL_BAD_COOKIE,
					   "what came as the cookie is none: one line of at most "
					   "%d printable characters",
					   COOKIE_MAX));
	return G_SOURCE_CONTINUE; /* it is removed already */
}

static gboolean too_late(gpointer data)
{
	end(data, tunnel_error(TUNNEL_BAD_COOKIE, "no cookie came in time"));
	return G_SOURCE_CONTINUE;
}

void cookie_read(struct tunnel *tunnel, tunnel_then then)
{
	struct stat status;

	/* What is a file, a device or a socket may be anything that its opener may not read, or
	 * wait without end. */
	if (fstat(tunnel->pipe, &status) < 0 || !S_ISFIFO(status.st_mode) ||
	    !g_unix_set_fd_nonblocking(tunnel->pipe, true, NULL)) {
		cookie_end(tunnel);
		then(tunnel, tunnel_error(TUNNEL_BAD_COOKIE, "the cookie must come in a pipe"));
		return;
	}
	tunnel->then = then;
	tunnel->pipe_timer = g_timeout_add(BOUND_MS, too_late, tunnel);
	tunnel->pipe_source =
		g_unix_fd_add(tunnel->pipe, G_IO_IN | G_IO_HUP | G_IO_ERR, readable, tunnel);
}
