/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose the program at the other end of a local connection is. */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

/* In a text of the kernel's /proc/net/tcp or tcp6: the uid of the socket whose own address is
 * `own`, connected to `other`. An IPv4 address is found in tcp6 too, where its socket is one of
 * both families. False: no such line, or no program has that socket any more. */
bool owner_in_table(const char *table, const struct sockaddr *own, const struct sockaddr *other,
		    uid_t *uid);
/* Of a connected socket's peer: by SO_PEERCRED, or by those tables. False: it can't be told. */
bool owner_find(int fd, uid_t *uid);
