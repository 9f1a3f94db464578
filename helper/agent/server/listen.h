/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The socket: given by systemd, or bound in a folder that nobody else can write to. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <glib.h>
#include <internal/path.h>

struct listening {
	int fd;	    /* -1: not listening */
	int folder; /* -1: the socket is systemd's and stays */
	int lock;   /* with it: what starters lock */
	ino_t inode;
};
#define LISTENING_INIT ((struct listening){ -1, -1, -1, 0 })

enum listen_outcome {
	LISTEN_READY,
	LISTEN_OTHER, /* another agent listens there already */
	LISTEN_FAILED,
};

/* The socket that systemd handed over (sd_listen_fds(3)), if it did. */
bool listen_inherited(struct listening *listening);
/* Binds under the folder's lock; a socket on which nobody listens is replaced. `owner` is who shall
 * own a folder that is made here. `why` (free it) says what went wrong.
 */
enum listen_outcome listen_bind(struct listening *listening, enum scope scope, uid_t owner,
				gid_t group, char **why);
/* Takes the socket out of the folder, so that the next starter finds none. `unless_wanted`: not
 * where somebody is connecting or starting an agent now; false says so.
 */
bool listen_withdraw(struct listening *listening, bool unless_wanted);
