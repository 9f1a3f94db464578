/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A pipe of a caller's: what is a file, a device or a socket may be anything that its opener may
 * not read, or wait without end, and is refused. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>
#include <gio/gunixfdlist.h>
#include <glib-unix.h>

#include "pipe.h"

/* It lies in the pipe before the call comes. */
#define BOUND_MS 5000

int pipe_take(GDBusMethodInvocation *invocation, gint32 index)
{
	GUnixFDList *fds =
		g_dbus_message_get_unix_fd_list(g_dbus_method_invocation_get_message(invocation));

	return fds && index >= 0 && index < g_unix_fd_list_get_length(fds)
		       ? g_unix_fd_list_get(fds, index, NULL)
		       : -1;
}

void pipe_end(struct pipe *pipe)
{
	if (pipe->source != 0)
		g_source_remove(pipe->source);
	if (pipe->timer != 0)
		g_source_remove(pipe->timer);
	pipe->source = pipe->timer = 0;
	if (pipe->fd >= 0)
		close(pipe->fd);
	pipe->fd = -1;
}

static void end(struct pipe *pipe, const char *why)
{
	pipe_end(pipe);
	pipe->then(pipe->data, why);
}

/* 1: more may come; 0: its end; -1: it can't be read, or is too long. */
static int take_some(struct pipe *pipe)
{
	char buffer[4096];
	ssize_t got = read(pipe->fd, buffer, sizeof(buffer));
	int answer = got > 0 ? 1 : got == 0 ? 0 : -1;

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return 1;
	if (got > 0 && (pipe->into->length + (size_t)got > pipe->limit ||
			secret_append(pipe->into, buffer, (size_t)got) != DEVID_OK))
		answer = -1;
	secret_wipe(buffer, sizeof(buffer));
	return answer;
}

static gboolean readable(gint fd, GIOCondition condition, gpointer data)
{
	int more = take_some(data);

	if (more <= 0)
		end(data, more == 0 ? NULL : "is too long, or can't be read");
	return G_SOURCE_CONTINUE; /* at its end it is removed already */
}

static gboolean too_late(gpointer data)
{
	end(data, "did not come in time");
	return G_SOURCE_CONTINUE;
}

void pipe_read(struct pipe *pipe)
{
	struct stat status;

	if (fstat(pipe->fd, &status) < 0 || !S_ISFIFO(status.st_mode) ||
	    !g_unix_set_fd_nonblocking(pipe->fd, true, NULL)) {
		end(pipe, "must come in a pipe");
		return;
	}
	pipe->timer = g_timeout_add(BOUND_MS, too_late, pipe);
	pipe->source = g_unix_fd_add(pipe->fd, G_IO_IN | G_IO_HUP | G_IO_ERR, readable, pipe);
}
