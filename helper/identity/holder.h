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
	/* The machine's unit that it is of ("openvpn@x.service"), or its user's, who names them;
	 * NULL: none. */
	char *unit, *user_unit;
};

/* struct holder by pid, of the processes that this user may look at and that began no later than
 * `until` (0: all). Never NULL. */
GPtrArray *holder_list(time_t until);
