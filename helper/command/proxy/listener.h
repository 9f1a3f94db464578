/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a proxy listens: a socket that only this machine reaches. */
#pragma once

#include <stdbool.h>
#include <glib.h>

struct listener {
	int fd;
	char *name; /* "127.0.0.1:8080", with the port that it got, or "unix:PATH" */
	char *path; /* of its socket, to be removed; or NULL */
};
#define LISTENER_INIT    \
	{                \
		.fd = -1 \
	}
#define AUTO_LISTENER __attribute__((cleanup(listener_close)))

/* `text`: "ADDRESS:PORT" with an address of the loopback, port 0 for any, or "unix:PATH". A socket
 * that nobody listens on any more is replaced; what else is there is not. */
bool listener_open(struct listener *listener, const char *text, GError **error);
void listener_close(struct listener *listener);
