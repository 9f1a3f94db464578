/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes that have our module loaded: what they found of an identity they may keep. */
#pragma once

#include <sys/types.h>
#include <time.h>
#include <glib.h>

struct holder {
	pid_t pid;
	uid_t uid;
	char *program; /* its executable */
	char *unit;    /* the systemd unit that it is of ("openvpn@x.service"); NULL: none */
};

/* struct holder by pid, of the processes that this user may look at and that began no later than
 * `until` (0: all). Never NULL. */
GPtrArray *holder_list(time_t until);
