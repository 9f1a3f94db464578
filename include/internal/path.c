/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The folders and sockets of both scopes. */
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "config.h"
#include <internal/cleanup.h>
#include <internal/path.h>
#include <internal/test-hook.h>
#include <internal/trust.h>

#define LINKS_MAX 40 /* as the kernel has it */

/* The parts one after the other. Not printf: its code is memory that every client of the module
 * would have to load.
 */
static bool join(char *path, const char *first, const char *second, const char *third)
{
	const char *const parts[] = { first, second, third };
	size_t length = 0;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		size_t part = strlen(parts[i]);

		if (part >= PATH_BUFFER - length)
			return false;
		memcpy(path + length, parts[i], part + 1);
		length += part;
	}
	return length > 0;
}

/* Whether every link on the way is the caller's or root's: another user's could lead root
 * anywhere. */
static bool links_are_ours(const char *folder)
{
	char way[PATH_BUFFER];
	struct stat status;

	if (!join(way, folder, "", ""))
		return false;
	for (char *at = way + 1;; at++) {
		char end = *at;

		if (end != '/' && end != '\0')
			continue;
		*at = '\0';
		if (lstat(way, &status) != 0)
			return errno == ENOENT;
		if (S_ISLNK(status.st_mode) && status.st_uid != geteuid() && status.st_uid != 0)
			return false;
		if (end == '\0')
			return true;
		*at = end;
	}
}

/* A folder that is there must be the caller's; one that is not must come to lie below a folder that
 * is the caller's or root's. `su` keeps variables that point into another user's home.
 */
static bool folder_is_ours(const char *folder)
{
	char parent[PATH_BUFFER];
	struct stat status;

	if (!links_are_ours(folder))
		return false;
	if (stat(folder, &status) == 0)
		return S_ISDIR(status.st_mode) && status.st_uid == geteuid();
	if (errno != ENOENT || !join(parent, folder, "", ""))
		return false;
	for (char *slash; (slash = strrchr(parent, '/')) != NULL;) {
		*slash = '\0';
		if (stat(slash == parent ? "/" : parent, &status) == 0)
			return status.st_uid == geteuid() || status.st_uid == 0;
		if (errno != ENOENT)
			return false;
	}
	return false;
}

/* Puts what the link `way` leads to in its place, with the rest ("" or "/…") behind it. */
static bool follow_link(char *way, const char *rest)
{
	char target[PATH_BUFFER], tail[PATH_BUFFER];
	ssize_t length = readlink(way, target, sizeof(target) - 1);
	char *slash = strrchr(way, '/');

	if (length <= 0 || !slash)
		return false;
	target[length] = '\0';
	if (!join(tail, target, rest, ""))
		return false;
	if (target[0] == '/')
		return join(way, tail, "", "");
	slash[1] = '\0';
	return join(target, way, tail, "") && join(way, target, "", "");
}

/* Itself, not what it leads to, if it is a link. */
static bool step_is_roots(const char *step, struct stat *status)
{
	if (lstat(step, status) != 0)
		return false;
	errno = EACCES;
	return status->st_uid == 0 &&
	       (S_ISLNK(status->st_mode) || !(status->st_mode & (S_IWGRP | S_IWOTH)));
}

bool path_is_roots(const char *path, char *fault)
{
	char rest[PATH_BUFFER];
	struct stat status;
	unsigned links = 0;
	size_t at = 0;

	errno = EINVAL;
	if (!join(fault, path, "", "") || path[0] != '/' || !step_is_roots("/", &status))
		return false;
	while (fault[at] != '\0') {
		size_t end = at + 1 + strcspn(fault + at + 1, "/");
		bool empty = end == at + 1;

		rest[0] = '\0';
		if (fault[end] != '\0')
			join(rest, fault + end, "", "");
		at = end;
		if (empty)
			continue;
		fault[end] = '\0';
		if (!step_is_roots(fault, &status))
			return false;
		if (!S_ISLNK(status.st_mode)) {
			fault[end] = rest[0];
			continue;
		}
		if (++links > LINKS_MAX || !follow_link(fault, rest))
			return false;
		at = 0;
	}
	return true;
}

bool path_may_run(const char *path, char *fault)
{
	return geteuid() != 0 || strcmp(path, DEVID_AGENT_PATH) == 0 ||
	       strcmp(path, DEVID_MODULE_PATH) == 0 || path_is_roots(path, fault);
}

const char *path_from_environment(const char *variable)
{
	const char *value = secure_getenv(variable);

	return value && value[0] == '/' && folder_is_ours(value) ? value : NULL;
}

bool path_home(char *path)
{
	const char *home = secure_getenv("HOME");
	AUTO_FREE char *buffer = NULL;
	struct passwd entry, *found = NULL;
	struct stat status;
	size_t size = 1024;

	if (home && home[0] == '/' && links_are_ours(home) && stat(home, &status) == 0 &&
	    S_ISDIR(status.st_mode) && status.st_uid == geteuid())
		return join(path, home, "", "");
	for (; size <= 1024 * 1024; size *= 4) {
		int failure;

		free(buffer);
		buffer = malloc(size);
		if (!buffer)
			return false;
		failure = getpwuid_r(geteuid(), &entry, buffer, size, &found);
		if (failure != ERANGE)
			break;
	}
	return found && found->pw_dir && found->pw_dir[0] == '/' &&
	       join(path, found->pw_dir, "", "");
}

/* One kind of folder: what stands in for it, and where it is. */
struct place {
	const char *named;	/* a test's: exactly that folder */
	const char *xdg;	/* NULL: none; devid/ below it */
	const char *below_home; /* devid/ below it */
	const char *fixed;	/* the machine's */
};

static bool find_place(const struct place *place, char *path)
{
	const char *named;
	char home[PATH_BUFFER];

	if (place->named && place->named[0] == '/')
		return join(path, place->named, "", "");
	if (place->fixed)
		return join(path, place->fixed, "", "");
	named = path_from_environment(place->xdg);
	if (named)
		return join(path, named, "/devid", "");
	return path_home(home) && join(path, home, place->below_home, "/devid");
}

bool path_data(enum scope scope, char *path)
{
	const struct place places[] = {
		[SCOPE_USER] = { TEST_HOOK("DEVID_DATA_DIR"), "XDG_DATA_HOME", "/.local/share",
				 NULL },
		[SCOPE_SYSTEM] = { TEST_HOOK("DEVID_SYSTEM_DIR"), NULL, NULL, "/var/lib/devid" },
	};

	return find_place(&places[scope], path);
}

bool path_config(enum scope scope, char *path)
{
	const struct place places[] = {
		[SCOPE_USER] = { TEST_HOOK("DEVID_CONFIG_DIR"), "XDG_CONFIG_HOME", "/.config",
				 NULL },
		[SCOPE_SYSTEM] = { NULL, NULL, NULL, "/etc/devid" },
	};

	return find_place(&places[scope], path);
}

bool path_state(enum scope scope, char *path)
{
	const struct place places[] = {
		[SCOPE_USER] = { TEST_HOOK("DEVID_STATE_DIR"), "XDG_STATE_HOME", "/.local/state",
				 NULL },
		[SCOPE_SYSTEM] = { TEST_HOOK("DEVID_SYSTEM_STATE_DIR"), NULL, NULL,
				   "/var/log/devid" },
	};

	return find_place(&places[scope], path);
}

bool path_runtime(enum scope scope, char *path)
{
	const struct place machine = { TEST_HOOK("DEVID_SYSTEM_RUNTIME_DIR"), NULL, NULL,
				       "/run/devid" };
	const char *named = TEST_HOOK("DEVID_RUNTIME_DIR");

	if (scope == SCOPE_SYSTEM)
		return find_place(&machine, path);
	if (named && named[0] == '/')
		return join(path, named, "", "");
	/* Made at login, by others: where it isn't there, nobody could make it. */
	named = path_from_environment("XDG_RUNTIME_DIR");
	return named && access(named, F_OK) == 0 ? join(path, named, "/devid", "")
						 : path_data(scope, path);
}

bool path_socket(enum scope scope, char *path)
{
	char folder[PATH_BUFFER];

	return path_runtime(scope, folder) && join(path, folder, "/agent", "") &&
	       strlen(path) < sizeof(((struct sockaddr_un *)NULL)->sun_path);
}

const char *path_agent(void)
{
	const char *named = TEST_HOOK("DEVID_AGENT");

	return named && named[0] == '/' ? named : DEVID_AGENT_PATH;
}

bool path_systemd_has_agent(void)
{
	char path[PATH_BUFFER];
	struct stat status;

	/* As sd_booted(3). One in another folder is whoever names that folder's. */
	return lstat("/run/systemd/system", &status) == 0 && S_ISDIR(status.st_mode) &&
	       path_runtime(SCOPE_SYSTEM, path) && strcmp(path, "/run/devid") == 0;
}
