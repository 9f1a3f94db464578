/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a caller hands over in a pipe: read to its end, in bounded time and size. */
#pragma once

#include <stdbool.h>
#include <gio/gio.h>
#include <internal/secret.h>

struct pipe {
	int fd; /* the pipe's, once it is ours; else -1 */
	guint source, timer;
	gsize limit; /* of what it may bring */
	struct secret *into;
	/* Once: NULL, or why there is nothing, a word for a sentence on what was to come: "is too
	 * long". */
	void (*then)(void *data, const char *why);
	void *data;
};

/* The descriptor that a call brought as the argument `index`, ours to close, or -1. */
int pipe_take(GDBusMethodInvocation *invocation, gint32 index);
void pipe_read(struct pipe *pipe);
/* Closes it and ends the reading, where that goes on: then nothing comes any more. */
void pipe_end(struct pipe *pipe);
