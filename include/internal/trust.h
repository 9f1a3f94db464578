/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What root runs, loads or believes because somebody named it (path.c). */
#pragma once

#include <internal/path.h>

/* Whether root alone decides what is there: what `path` names, each folder above it and each link
 * on the way are root's, and nobody else can write to them, not even into a sticky folder. FALSE:
 * `fault` (PATH_BUFFER bytes) names the first that isn't, or isn't there, as errno says. What root
 * runs, loads or believes because somebody named it goes by this.
 */
bool path_is_roots(const char *path, char *fault);
#define PATH_NOT_ROOTS "it is not root's alone: root must own it, and nobody else may write to it"

/* Whether this process may run or load what `path` names, which somebody named to it by the
 * environment: `su` keeps variables, so for root it must be root's alone. FALSE: `fault` as above,
 * with errno; ENOENT: it isn't there.
 */
bool path_may_run(const char *path, char *fault);

/* Whether the machine's agent is systemd's to start, and nobody else's: systemd runs, and its
 * folder is /run/devid. */
bool path_systemd_has_agent(void);
