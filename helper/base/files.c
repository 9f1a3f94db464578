/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing whole files, and folders of one's own: see files.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <internal/cleanup.h>
#include "files.h"
#include "text.h"

#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define READ_FLAGS   (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
#define CREATE_FLAGS (O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC)
#define LOCK_STEP_MS 2
#define PIECE	     65536

bool files_write_all(int fd, const void *data, gsize length)
{
	for (const char *at = data; length > 0;) {
		ssize_t n = write(fd, at, length);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			at += n;
			length -= (gsize)n;
		}
	}
	return true;
}

int files_filled_pipe(const void *data, gsize length)
{
	AUTO_CLOSE int from = -1, to = -1;
	int ends[2];

	/* Nobody reads yet: what doesn't fit would be waited for. */
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
		return -1;
	from = ends[0];
	to = ends[1];
	if (!files_write_all(to, data, length) || fcntl(from, F_SETFL, 0) != 0)
		return -1;
	return take_fd(&from);
}

GBytes *files_read(int fd, gsize most)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	g_autofree guint8 *piece = g_malloc(PIECE);
	ssize_t got;

	while ((got = read(fd, piece, PIECE)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return NULL;
		if (bytes->len + (gsize)got > most) {
			errno = EFBIG;
			return NULL;
		}
		g_byte_array_append(bytes, piece, (guint)got);
	}
	return g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
}

bool files_replace(int folder, const char *name, mode_t mode, const void *data, gsize length,
		   unsigned flags)
{
	g_autofree char *fresh = flags & FILES_LOCKED ? g_strdup_printf(".%s.new", name)
						      : g_strdup_printf(".%s.%08x.new", name,
									(unsigned)g_random_int());
	AUTO_CLOSE int fd = -1;
	int number = 0;

	if (flags & FILES_LOCKED)
		(void)unlinkat(folder, fresh, 0);
	fd = openat(folder, fresh, CREATE_FLAGS, flags & FILES_UMASK ? mode : 0600);
	if (fd < 0)
		return false;
	if (!files_write_all(fd, data, length) ||
	    (!(flags & FILES_UMASK) && fchmod(fd, mode) != 0) || fsync(fd) != 0 ||
	    (flags & FILES_NEW ? linkat(folder, fresh, folder, name, 0)
			       : renameat(folder, fresh, folder, name)) != 0)
		number = errno;
	if (number != 0 || flags & FILES_NEW)
		(void)unlinkat(folder, fresh, 0);
	if (number == 0)
		return fsync(folder) == 0;
	errno = number;
	return false;
}

/* EPERM where it isn't. */
static bool is_own(int fd, struct stat *status)
{
	if (fstat(fd, status) != 0)
		return false;
	errno = EPERM;
	return status->st_uid == geteuid() && !(status->st_mode & (S_IWGRP | S_IWOTH));
}

static int open_own(int at, const char *path)
{
	AUTO_CLOSE int fd = openat(at, path, FOLDER_FLAGS);
	struct stat status;

	return fd >= 0 && is_own(fd, &status) ? take_fd(&fd) : -1;
}

int files_open_own(const char *path, const char *name, bool make)
{
	AUTO_CLOSE int above = -1;

	if (make && g_mkdir_with_parents(path, 0700) < 0)
		return -1;
	above = open_own(AT_FDCWD, path);
	if (above < 0 || (make && mkdirat(above, name, 0700) < 0 && errno != EEXIST))
		return -1;
	return open_own(above, name);
}

char *files_read_own(int folder, const char *name, gsize most)
{
	AUTO_CLOSE int fd = openat(folder, name, READ_FLAGS);
	g_autoptr(GBytes) bytes = NULL;
	g_autofree char *text = NULL;
	struct stat status;

	if (fd >= 0 && is_own(fd, &status) && S_ISREG(status.st_mode))
		bytes = files_read(fd, most);
	text = bytes ? text_from_bytes(bytes) : NULL;
	/* A text ends where its file does. */
	return text && strlen(text) == g_bytes_get_size(bytes) ? g_steal_pointer(&text) : NULL;
}

bool files_lock(int fd, unsigned milliseconds, GCancellable *cancel)
{
	gint64 until = g_get_monotonic_time() + milliseconds * G_TIME_SPAN_MILLISECOND;

	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if ((errno != EWOULDBLOCK && errno != EINTR) || g_get_monotonic_time() >= until ||
		    g_cancellable_is_cancelled(cancel))
			return false;
		g_usleep(LOCK_STEP_MS * 1000);
	}
	return true;
}
