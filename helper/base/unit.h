/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* systemd's units, by their names. */
#pragma once

#include <stdbool.h>

/* A unit's name (systemd.unit(5)) that a command may be given as one word, and no option. */
bool unit_is_name(const char *word);

/* The service whose process has this text in /proc/PID/cgroup, newly allocated; NULL: none. A
 * user's manager names the groups below it as it likes: `*of_user` says that it is one of these.
 */
char *unit_of_cgroup(const char *text, bool *of_user);
