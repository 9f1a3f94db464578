/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the parts of devid meet: folders and sockets of the user's and the machine's scope
 * (data/doc/formats.md). DEVID_* variables stand in for them in a build for tests alone
 * (test-hook.h); the fallbacks come from getpwuid(geteuid()), never from $HOME of a caller that
 * changed its uid.
 *
 * Each fills `path` (PATH_BUFFER bytes) and answers false where there is no such place (no home, or
 * the name is too long).
 */
#pragma once

#include <limits.h>
#include <stdbool.h>

#define PATH_BUFFER PATH_MAX

enum scope {
	SCOPE_USER,
	SCOPE_SYSTEM,
};

/* DEVID_DATA_DIR, $XDG_DATA_HOME/devid; DEVID_SYSTEM_DIR, /var/lib/devid */
bool path_data(enum scope scope, char *path);
/* DEVID_CONFIG_DIR, $XDG_CONFIG_HOME/devid; /etc/devid */
bool path_config(enum scope scope, char *path);
/* DEVID_STATE_DIR, $XDG_STATE_HOME/devid; DEVID_SYSTEM_STATE_DIR, /var/log/devid */
bool path_state(enum scope scope, char *path);
/* DEVID_RUNTIME_DIR, $XDG_RUNTIME_DIR/devid if it is ours, else path_data();
 * DEVID_SYSTEM_RUNTIME_DIR, /run/devid
 */
bool path_runtime(enum scope scope, char *path);
/* path_runtime()/agent; false where it doesn't fit in sun_path */
bool path_socket(enum scope scope, char *path);
/* $HOME where the caller owns it, else what the password file says. */
bool path_home(char *path);
/* A folder that the environment names: absolute, and the caller's own (or not there yet, below one
 * that is the caller's or root's). NULL: unset or not to be used.
 */
const char *path_from_environment(const char *variable);
/* DEVID_AGENT_PATH, in tests DEVID_AGENT */
const char *path_agent(void);
