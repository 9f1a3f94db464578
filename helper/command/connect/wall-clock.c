/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A moment of the wall clock on the main loop: it comes when the clock says so, set or suspended in
 * between. */
#include <sys/timerfd.h>
#include <unistd.h>
#include <glib-unix.h>
#include <internal/cleanup.h>
#include "wall-clock.h"

struct moment {
	int fd;
	void (*then)(void *data);
	void *data;
};

static gboolean has_come(gint fd, GIOCondition condition, gpointer data)
{
	const struct moment *moment = data;

	moment->then(moment->data);
	return G_SOURCE_REMOVE;
}

static void free_moment(gpointer data)
{
	struct moment *moment = data;

	close(moment->fd);
	g_free(moment);
}

guint wall_clock_add(time_t when, void (*then)(void *data), void *data)
{
	const struct itimerspec spec = { .it_value = { .tv_sec = when } };
	AUTO_CLOSE int fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	struct moment *moment;

	if (fd < 0 || timerfd_settime(fd, TFD_TIMER_ABSTIME, &spec, NULL) < 0)
		return 0;
	moment = g_new0(struct moment, 1);
	*moment = (struct moment){ take_fd(&fd), then, data };
	return g_unix_fd_add_full(G_PRIORITY_DEFAULT, moment->fd, G_IO_IN, has_come, moment,
				  free_moment);
}
