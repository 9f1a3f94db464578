/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of a log: whole lines, one write each, under a lock. At 1 MiB events.jsonl becomes
 * events.jsonl.1; the others, which users fill by what they do, are shared out among them
 * (event-share.h) and written anew.
 *
 * The lock is on the file itself, which nobody else can open, not on its folder: the machine's
 * folder is open for all to read, and whoever can open it could hold its lock for ever. After
 * waiting for the lock a writer makes sure that the file still bears its name.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <devid/event.h>
#include <internal/cleanup.h>
#include <internal/path.h>
#include "base/files.h"
#include "event-lines.h"
#include "event-log.h"
#include "event-owner.h"
#include "event-share.h"

#define LOG_SIZE_MAX (1024 * 1024)
/* What is left of a file that was shared out, and how much of one that grew past all bounds is
 * looked at. */
#define LOG_ROOM     (LOG_SIZE_MAX / 2)
#define LOG_LOOK     (4 * LOG_SIZE_MAX)
#define LOCK_WAIT_MS 2000
#define ATTEMPTS     64
#define LOG_FLAGS    (O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

static const struct log_file {
	const char *name;
	const char *old; /* NULL: it is shared out instead */
	const char *anew;
} files[EVENT_FILES] = {
	[EVENT_CHANGES] = { "events.jsonl", "events.jsonl.1", NULL },
	[EVENT_REFUSALS] = { "refusals.jsonl", NULL, "refusals.jsonl.new" },
	[EVENT_USES] = { "uses.jsonl", NULL, "uses.jsonl.new" },
};

/* The folder, made where it is missing; it must be ours (or for root: anybody's, but then nothing
 * is made through a link), and not writable by others.
 */
static int open_folder(bool system, bool make)
{
	char path[PATH_BUFFER];
	AUTO_CLOSE int fd = -1;
	struct event_owner owner = { 0 };
	struct stat status;

	if (!path_state(system ? SCOPE_SYSTEM : SCOPE_USER, path))
		return -1;
	if (make && event_owner_find(path, system, &owner) != DEVID_OK) {
		errno = ESRCH;
		return -1;
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && make) {
		if (g_mkdir_with_parents(path, system ? 0755 : 0700) < 0)
			return -1;
		fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	if (fd < 0 || fstat(fd, &status) < 0)
		return -1;
	if ((status.st_mode & (S_IWGRP | S_IWOTH)) ||
	    (status.st_uid != geteuid() && geteuid() != 0)) {
		errno = EPERM;
		return -1;
	}
	event_owner_take_folder(&owner, fd);
	return take_fd(&fd);
}

/* A regular file with one name, owned by the folder's owner or by us. */
static bool file_sound(int folder, int fd, struct stat *status)
{
	struct stat of_folder;

	return fstat(fd, status) == 0 && fstat(folder, &of_folder) == 0 &&
	       S_ISREG(status->st_mode) && status->st_nlink <= 1 &&
	       (status->st_uid == of_folder.st_uid || status->st_uid == geteuid());
}

/* Root's command writes into the log of the system agent's user: the file has to be that user's. It
 * is made as that user, for a daemon that is root may have no right to give files away
 * (openvpn-server@ has no CAP_CHOWN).
 */
static int make_log(int folder, const char *name)
{
	struct stat status, made;
	AUTO_CLOSE int fd = -1;
	bool lend = geteuid() == 0 && fstat(folder, &status) == 0 && status.st_uid != 0;
	int number;

	if (lend) {
		setfsgid(status.st_gid);
		setfsuid(status.st_uid);
	}
	fd = openat(folder, name, LOG_FLAGS | O_CREAT | O_EXCL, 0600);
	number = errno;
	if (lend) {
		setfsuid(geteuid());
		setfsgid(getegid());
	}
	if (fd < 0) {
		errno = number;
		return -1;
	}
	if (lend && (fstat(fd, &made) < 0 || (made.st_uid != status.st_uid &&
					      fchown(fd, status.st_uid, status.st_gid) < 0))) {
		/* One that stayed root's would keep its owner out for good. */
		unlinkat(folder, name, 0);
		return -1;
	}
	return take_fd(&fd);
}

static int open_log(int folder, const char *name)
{
	int fd = openat(folder, name, LOG_FLAGS);

	return fd >= 0 || errno != ENOENT ? fd : make_log(folder, name);
}

/* One write; what did not fit is taken away again. A torn last line (the machine went down in the
 * middle) is ended first.
 */
static enum devid_result append(int fd, off_t size, const char *line, gsize length)
{
	g_autofree char *whole = NULL;
	char last = '\n';
	ssize_t wrote;

	if (size > 0 && pread(fd, &last, 1, size - 1) != 1)
		return DEVID_IO;
	if (last != '\n') {
		whole = g_strconcat("\n", line, NULL);
		line = whole;
		length++;
	}
	do
		wrote = write(fd, line, length);
	while (wrote < 0 && errno == EINTR);
	if (wrote == (ssize_t)length)
		return DEVID_OK;
	if (wrote > 0 && ftruncate(fd, size) < 0)
		return DEVID_IO;
	return DEVID_IO;
}

enum attempt {
	ATTEMPT_DONE,
	ATTEMPT_AGAIN, /* another process rotated in between, or we did */
};

/* The newest lines of the file, from the beginning of one. */
static struct event_lines *newest_lines(int fd, off_t size)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	struct event_lines *lines;
	gsize length;

	if (copy < 0 || lseek(copy, MAX(size - LOG_LOOK, 0), SEEK_SET) < 0) {
		if (copy >= 0)
			close(copy);
		return NULL;
	}
	lines = event_lines_new(copy, 0);
	if (size > LOG_LOOK)
		(void)event_lines_next(lines, &length);
	return lines;
}

/* With the lock held: whoever waits for it finds that the name is another file's. */
static enum attempt share_out(int folder, const struct log_file *file, int fd, off_t size)
{
	g_autoptr(event_lines) lines = newest_lines(fd, size);
	AUTO_CLOSE int anew = -1;
	g_autofree char *text = NULL;
	gsize length;

	if (!lines)
		return ATTEMPT_DONE;
	text = event_share(lines, LOG_ROOM, &length);
	/* One that is there already was left by a writer that ended in between. */
	if (event_lines_error(lines) || (unlinkat(folder, file->anew, 0) < 0 && errno != ENOENT) ||
	    (anew = make_log(folder, file->anew)) < 0)
		return ATTEMPT_DONE;
	if ((length > 0 && append(anew, 0, text, length) != DEVID_OK) || fsync(anew) < 0 ||
	    renameat(folder, file->anew, folder, file->name) < 0) {
		unlinkat(folder, file->anew, 0);
		return ATTEMPT_DONE;
	}
	return ATTEMPT_AGAIN;
}

static enum attempt rotate(int folder, const struct log_file *file, int fd, off_t size)
{
	if (!file->old)
		return share_out(folder, file, fd, size);
	return renameat(folder, file->name, folder, file->old) < 0 ? ATTEMPT_DONE : ATTEMPT_AGAIN;
}

static enum attempt try_append(int folder, const struct log_file *file, const char *line,
			       gsize length, enum devid_result *result)
{
	AUTO_CLOSE int fd = open_log(folder, file->name);
	struct stat named, status;

	*result = DEVID_IO;
	if (fd < 0)
		return errno == EEXIST ? ATTEMPT_AGAIN : ATTEMPT_DONE;
	if (!file_sound(folder, fd, &status))
		return ATTEMPT_DONE;
	if (!files_lock(fd, LOCK_WAIT_MS, NULL)) {
		*result = DEVID_TIMEOUT;
		return ATTEMPT_DONE;
	}
	if (fstat(fd, &status) < 0)
		return ATTEMPT_DONE;
	if (fstatat(folder, file->name, &named, AT_SYMLINK_NOFOLLOW) < 0 ||
	    named.st_ino != status.st_ino || named.st_dev != status.st_dev)
		return ATTEMPT_AGAIN;
	if (status.st_size > 0 && status.st_size + (off_t)length > LOG_SIZE_MAX)
		return rotate(folder, file, fd, status.st_size);
	*result = append(fd, status.st_size, line, length);
	return ATTEMPT_DONE;
}

/* What root left there earlier, of all files: one of root's that systemd-tmpfiles meets there makes
 * it fail. */
static void hand_over_files(int folder)
{
	for (int i = 0; i < EVENT_FILES; i++) {
		event_owner_take_file(folder, files[i].name);
		event_owner_take_file(folder, files[i].old ? files[i].old : files[i].anew);
	}
}

enum devid_result devid_event_hand_over(void)
{
	char path[PATH_BUFFER];
	struct event_owner owner;
	AUTO_CLOSE int folder = -1;

	if (!path_state(SCOPE_SYSTEM, path) || event_owner_find(path, true, &owner) != DEVID_OK)
		return DEVID_NOT_FOUND;
	folder = geteuid() == 0 ? open_folder(true, false) : -1;
	if (folder < 0)
		return DEVID_OK;
	event_owner_take_folder(&owner, folder);
	hand_over_files(folder);
	return DEVID_OK;
}

enum devid_result event_log_append(bool system, enum event_file which, const char *line,
				   gsize length)
{
	AUTO_CLOSE int folder = open_folder(system, true);
	enum devid_result result = DEVID_IO;

	if (folder < 0 || length > EVENT_LINE_MAX)
		return folder < 0 && errno == ESRCH ? DEVID_NOT_FOUND : DEVID_IO;
	hand_over_files(folder);
	for (int i = 0; i < ATTEMPTS; i++)
		if (try_append(folder, &files[which], line, length, &result) == ATTEMPT_DONE)
			break;
	return result;
}

/* -1 and DEVID_OK: it isn't there. */
static enum devid_result open_to_read(int folder, const char *name, int *fd)
{
	AUTO_CLOSE int opened =
		openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat status;

	*fd = -1;
	if (opened < 0)
		return errno == ENOENT ? DEVID_OK : DEVID_IO;
	if (fstat(opened, &status) < 0 || !S_ISREG(status.st_mode))
		return DEVID_IO;
	*fd = take_fd(&opened);
	return DEVID_OK;
}

static bool same_file(int a, int b)
{
	struct stat one, other;

	return a >= 0 && b >= 0 && fstat(a, &one) == 0 && fstat(b, &other) == 0 &&
	       one.st_ino == other.st_ino && one.st_dev == other.st_dev;
}

enum devid_result event_log_open(bool system, enum event_file which, int fds[EVENT_GENERATIONS])
{
	AUTO_CLOSE int folder = open_folder(system, false);
	enum devid_result result;

	fds[0] = fds[1] = -1;
	if (folder < 0)
		return errno == ENOENT ? DEVID_OK : DEVID_IO;
	/* The new one first: what is rotated meanwhile is read once, not never. */
	result = open_to_read(folder, files[which].name, &fds[1]);
	if (result == DEVID_OK && files[which].old)
		result = open_to_read(folder, files[which].old, &fds[0]);
	for (int i = 0; i < EVENT_GENERATIONS; i++)
		if (result != DEVID_OK || (i == 0 && same_file(fds[0], fds[1]))) {
			cleanup_close_fd(&fds[i]);
			fds[i] = -1;
		}
	return result;
}
