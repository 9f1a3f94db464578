/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The agent's socket. Nothing here follows a link: the folder is opened as what it must be, and
 * every name is looked up from its descriptor.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <internal/cleanup.h>
#include <internal/lock.h>
#include "base/files.h"
#include "listen.h"

#define SOCKET_NAME	"agent"
#define FIRST_INHERITED 3
#define BACKLOG		SOMAXCONN
#define WITHDRAW_MS	200

/* What each scope's folder and socket allow. */
static const struct {
	mode_t folder, forbidden, socket;
} modes[] = {
	[SCOPE_USER] = { 0700, 0077, 0600 },
	[SCOPE_SYSTEM] = { 0755, 0022, 0666 },
};

static bool is_listening_socket(int fd)
{
	int domain = 0, type = 0, listens = 0;
	socklen_t length = sizeof(int);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 &&
	       getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 &&
	       getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) == 0 &&
	       domain == AF_UNIX && type == SOCK_STREAM && listens;
}

bool listen_inherited(struct listening *listening)
{
	const char *process = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	bool ours = process && count && strtol(process, NULL, 10) == (long)getpid() &&
		    strtol(count, NULL, 10) == 1 && is_listening_socket(FIRST_INHERITED);

	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (!ours)
		return false;
	fcntl(FIRST_INHERITED, F_SETFD, FD_CLOEXEC);
	fcntl(FIRST_INHERITED, F_SETFL, fcntl(FIRST_INHERITED, F_GETFL) | O_NONBLOCK);
	listening->fd = FIRST_INHERITED;
	return true;
}

static char *failed(const char *path, const char *what)
{
	return g_strdup_printf("%s: %s: %s", path, what, g_strerror(errno));
}

/* Folders above ours are made as a user's own; one that is there is taken as it is. */
static void make_ancestors(const char *path)
{
	g_autofree char *parent = g_path_get_dirname(path);

	if (mkdir(parent, 0700) == 0 || errno != ENOENT || strcmp(parent, "/") == 0)
		return;
	make_ancestors(parent);
	(void)!mkdir(parent, 0700);
}

static int open_folder(const char *path, enum scope scope, uid_t owner, gid_t group, char **why)
{
	AUTO_CLOSE int folder = -1;
	struct stat status;
	bool made;

	if (scope == SCOPE_USER)
		make_ancestors(path);
	made = mkdir(path, modes[scope].folder) == 0;
	folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder < 0 || fstat(folder, &status) < 0) {
		*why = failed(path, "folder of the socket");
		return -1;
	}
	if (made && (fchown(folder, owner, group) < 0 || fchmod(folder, modes[scope].folder) < 0)) {
		*why = failed(path, "folder of the socket");
		return -1;
	}
	if (!made && status.st_uid != owner && status.st_uid != geteuid()) {
		*why = g_strdup_printf("%s: the folder of the socket belongs to another user (%lu)",
				       path, (unsigned long)status.st_uid);
		return -1;
	}
	/* Ours but too open: a folder below it may be no secret, the socket is. */
	if (!made && status.st_mode & modes[scope].forbidden &&
	    fchmod(folder, modes[scope].folder) < 0) {
		*why = failed(path, "folder of the socket");
		return -1;
	}
	return take_fd(&folder);
}

/* The working directory is what bind() and connect() go by, so that no path is walked twice and
 * none is too long; there is one thread yet.
 */
static const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = SOCKET_NAME };

/* Whether somebody listens; `*stale` where a socket is there and nobody does. */
static bool somebody_listens(int folder, bool *stale, char **why)
{
	AUTO_CLOSE int fd = -1;
	struct stat status;

	*stale = false;
	if (fstatat(folder, SOCKET_NAME, &status, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != ENOENT)
			*why = failed(SOCKET_NAME, "socket");
		return false;
	}
	if (!S_ISSOCK(status.st_mode)) {
		*why = g_strdup("agent: what lies in the socket's place is not a socket");
		return false;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		*why = failed(SOCKET_NAME, "socket");
		return false;
	}
	/* EAGAIN: its queue is full, which is listening all the same. */
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 || errno == EAGAIN)
		return true;
	*stale = errno == ECONNREFUSED;
	if (!*stale && errno != ENOENT)
		*why = failed(SOCKET_NAME, "socket");
	return false;
}

static bool bind_here(struct listening *listening, int folder, enum scope scope, char **why)
{
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t mask = umask(0);
	struct stat status;
	bool bound;

	/* The mode that the name is made with; without it there would be a moment with another. */
	bound = fd >= 0 && fchmod(fd, modes[scope].socket) == 0 &&
		bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
	umask(mask);
	if (!bound || listen(fd, BACKLOG) < 0 ||
	    fstatat(folder, SOCKET_NAME, &status, AT_SYMLINK_NOFOLLOW) < 0) {
		*why = failed(SOCKET_NAME, "socket");
		return false;
	}
	listening->inode = status.st_ino;
	listening->fd = take_fd(&fd);
	return true;
}

static enum listen_outcome bind_locked(struct listening *listening, int folder, enum scope scope,
				       char **why)
{
	bool stale;

	if (somebody_listens(folder, &stale, why))
		return LISTEN_OTHER;
	if (*why)
		return LISTEN_FAILED;
	if (stale && unlinkat(folder, SOCKET_NAME, 0) < 0 && errno != ENOENT) {
		*why = failed(SOCKET_NAME, "stale socket");
		return LISTEN_FAILED;
	}
	return bind_here(listening, folder, scope, why) ? LISTEN_READY : LISTEN_FAILED;
}

enum listen_outcome listen_bind(struct listening *listening, enum scope scope, uid_t owner,
				gid_t group, char **why)
{
	enum listen_outcome outcome;
	char path[PATH_BUFFER];
	AUTO_CLOSE int folder = -1;
	AUTO_CLOSE int lock = -1;

	*why = NULL;
	if (!path_runtime(scope, path)) {
		*why = g_strdup("socket: there is no folder for it (no home folder)");
		return LISTEN_FAILED;
	}
	folder = open_folder(path, scope, owner, group, why);
	if (folder < 0)
		return LISTEN_FAILED;
	/* main() bounds this wait by alarm(2). */
	lock = lock_open(folder, true);
	if (lock < 0 || flock(lock, LOCK_EX) < 0) {
		*why = errno == EINTR ? g_strdup_printf("%s: somebody keeps it locked", path)
				      : failed(path, "lock");
		return LISTEN_FAILED;
	}
	if (fchdir(folder) < 0) {
		*why = failed(path, "folder of the socket");
		return LISTEN_FAILED;
	}
	outcome = bind_locked(listening, folder, scope, why);
	(void)!chdir("/");
	(void)flock(lock, LOCK_UN);
	if (outcome == LISTEN_READY) {
		listening->folder = take_fd(&folder);
		listening->lock = take_fd(&lock);
	}
	return outcome;
}

bool listen_withdraw(struct listening *listening, bool unless_wanted)
{
	struct pollfd waiting = { .fd = listening->fd, .events = POLLIN };
	struct stat status;
	bool locked = false;

	if (listening->fd < 0)
		return true;
	if (listening->folder >= 0) {
		locked = files_lock(listening->lock, unless_wanted ? 0 : WITHDRAW_MS, NULL);
		if (!locked && unless_wanted)
			return false;
	}
	if (unless_wanted && poll(&waiting, 1, 0) > 0) {
		if (locked)
			(void)flock(listening->lock, LOCK_UN);
		return false;
	}
	/* Without the lock it stays: the next starter finds that nobody listens and replaces it. */
	if (locked && fstatat(listening->folder, SOCKET_NAME, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	    status.st_ino == listening->inode)
		(void)unlinkat(listening->folder, SOCKET_NAME, 0);
	close(listening->fd);
	listening->fd = -1;
	if (listening->folder >= 0)
		close(listening->folder);
	if (listening->lock >= 0)
		close(listening->lock);
	listening->folder = listening->lock = -1;
	return true;
}
