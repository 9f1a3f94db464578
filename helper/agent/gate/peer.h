/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who asks. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <glib.h>
#include <internal/wire.h>

/* The executable is looked up when it is first needed. */
struct peer {
	uid_t uid;
	gid_t gid;
	pid_t pid;
	guint64 start_time; /* with pid: one process; 0: not known */
	char *program;	    /* /proc/PID/exe, else comm; never NULL after peer_look() */
	bool looked;
	guint8 used_key[WIRE_SPKI_HASH]; /* the key whose first use was last told */
	bool used, used_former;
	/* gate.c: whether the account lets this peer use the system scope */
	guint64 asked_epoch;
	gint64 asked_at;
	bool may_sign;
};
bool peer_of_socket(struct peer *peer, int fd);
void peer_look(struct peer *peer);
/* NULL: the user database has none for its uid. The caller frees. */
char *peer_user_name(const struct peer *peer);
void peer_clear(struct peer *peer);
