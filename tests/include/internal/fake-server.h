/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An agent that answers, and many that don't as they should. */
#ifndef FAKE_SERVER_H
#define FAKE_SERVER_H

/* A listening socket at `path`, or -1. */
int fake_listen(const char *path);
/* Serves `connections` of them in the named manner (fake-server.c has the table), then returns.
 * Negative: without end. 0 where there is no such manner.
 */
int fake_serve(int listener, const char *manner, int connections);

#endif
