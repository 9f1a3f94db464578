/* events.jsonl: whole lines, one write each, under a lock; at 1 MiB it becomes events.jsonl.1.
 *
 * The lock is on the file itself, which nobody else can open, not on its folder: the machine's
 * folder is open for all to read, and whoever can open it could hold its lock for ever. After
 * waiting for the lock a writer makes sure that the file still bears its name.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/file.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <internal/cleanup.h>
#include <internal/path.h>
#include "event-private.h"

#define LOG_FILE       "events.jsonl"
#define LOG_OLD	       "events.jsonl.1"
#define LOG_SIZE_MAX   (1024 * 1024)
#define LINE_MAX_BYTES (64 * 1024)
#define LOCK_WAIT_MS   2000
#define LOCK_STEP_MS   5
#define ATTEMPTS       64
#define LOG_FLAGS      (O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

/* The folder, made where it is missing; it must be ours (or for root: anybody's, but then nothing
 * is made through a link), and not writable by others.
 */
static int open_folder(bool system, bool make)
{
	char path[PATH_BUFFER];
	AUTO_CLOSE int fd = -1;
	struct stat status;

	if (!path_state(system ? HALF_SYSTEM : HALF_USER, path))
		return -1;
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

static bool take_lock(int fd)
{
	for (int waited = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; waited += LOCK_STEP_MS) {
		if ((errno != EWOULDBLOCK && errno != EINTR) || waited >= LOCK_WAIT_MS)
			return false;
		poll(NULL, 0, LOCK_STEP_MS);
	}
	return true;
}

/* Root's command writes into the log of the system agent's user: the file has to be that user's. It is made as that
 * user, for a daemon that is root may have no right to give files away (openvpn-server@ has no CAP_CHOWN).
 */
static int make_log(int folder)
{
	struct stat status, made;
	AUTO_CLOSE int fd = -1;
	bool lend = geteuid() == 0 && fstat(folder, &status) == 0 && status.st_uid != 0;
	int number;

	if (lend) {
		setfsgid(status.st_gid);
		setfsuid(status.st_uid);
	}
	fd = openat(folder, LOG_FILE, LOG_FLAGS | O_CREAT | O_EXCL, 0600);
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
		unlinkat(folder, LOG_FILE, 0);
		return -1;
	}
	return take_fd(&fd);
}

static int open_log(int folder)
{
	int fd = openat(folder, LOG_FILE, LOG_FLAGS);

	return fd >= 0 || errno != ENOENT ? fd : make_log(folder);
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

static enum attempt try_append(int folder, const char *line, gsize length,
			       enum devid_result *result)
{
	AUTO_CLOSE int fd = open_log(folder);
	struct stat named, status;

	*result = DEVID_IO;
	if (fd < 0)
		return errno == EEXIST ? ATTEMPT_AGAIN : ATTEMPT_DONE;
	if (!file_sound(folder, fd, &status))
		return ATTEMPT_DONE;
	if (!take_lock(fd)) {
		*result = DEVID_TIMEOUT;
		return ATTEMPT_DONE;
	}
	if (fstat(fd, &status) < 0)
		return ATTEMPT_DONE;
	if (fstatat(folder, LOG_FILE, &named, AT_SYMLINK_NOFOLLOW) < 0 ||
	    named.st_ino != status.st_ino || named.st_dev != status.st_dev)
		return ATTEMPT_AGAIN;
	if (status.st_size > 0 && status.st_size + (off_t)length > LOG_SIZE_MAX)
		return renameat(folder, LOG_FILE, folder, LOG_OLD) < 0 ? ATTEMPT_DONE
								       : ATTEMPT_AGAIN;
	*result = append(fd, status.st_size, line, length);
	return ATTEMPT_DONE;
}

enum devid_result event_log_append(bool system, const char *line, gsize length)
{
	AUTO_CLOSE int folder = open_folder(system, true);
	enum devid_result result = DEVID_IO;

	if (folder < 0 || length > LINE_MAX_BYTES)
		return DEVID_IO;
	for (int i = 0; i < ATTEMPTS; i++)
		if (try_append(folder, line, length, &result) == ATTEMPT_DONE)
			break;
	return result;
}

/* True: go on with the next file. */
static bool read_file(FILE *file, bool (*row)(const char *line, void *data), void *data)
{
	AUTO_FREE char *line = NULL;
	size_t room = 0;
	ssize_t length;

	while ((length = getline(&line, &room, file)) > 0) {
		if (line[length - 1] != '\n' || memchr(line, '\0', length))
			continue;
		line[length - 1] = '\0';
		if (!row(line, data))
			return false;
	}
	return true;
}

enum devid_result event_log_read(bool system, bool (*row)(const char *line, void *data), void *data)
{
	static const char *const files[] = { LOG_OLD, LOG_FILE };
	AUTO_CLOSE int folder = open_folder(system, false);
	bool more = true;

	if (folder < 0)
		return errno == ENOENT ? DEVID_OK : DEVID_IO;
	for (gsize i = 0; i < G_N_ELEMENTS(files) && more; i++) {
		AUTO_CLOSE int fd =
			openat(folder, files[i], O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		struct stat status;
		FILE *file;

		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
			return DEVID_IO;
		file = fdopen(fd, "r");
		if (!file)
			return DEVID_NO_MEMORY;
		take_fd(&fd);
		more = read_file(file, row, data);
		fclose(file);
	}
	return DEVID_OK;
}
