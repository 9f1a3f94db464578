/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What writers of a folder lock: see lock.h. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <internal/cleanup.h>
#include <internal/lock.h>

#define OPEN_FLAGS (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

/* Nobody else has it open, and nobody else's program could have put it there. */
static bool is_sound(const struct stat *file, const struct stat *folder)
{
	return S_ISREG(file->st_mode) && file->st_nlink == 1 && (file->st_mode & 077) == 0 &&
	       (file->st_uid == folder->st_uid || file->st_uid == geteuid());
}

/* Made by root in the folder of the agent's user: it has to be that user's. */
static int make_file(int folder, const struct stat *owner)
{
	AUTO_CLOSE int fd = openat(folder, LOCK_FILE, OPEN_FLAGS | O_CREAT | O_EXCL, 0600);

	if (fd >= 0 && owner->st_uid != geteuid() && fchown(fd, owner->st_uid, owner->st_gid) != 0)
		return -1;
	return take_fd(&fd);
}

int lock_open(int folder, bool create)
{
	AUTO_CLOSE int fd = -1;
	struct stat status, file;

	if (fstat(folder, &status) != 0)
		return -1;
	if ((status.st_mode & (S_IRWXG | S_IRWXO)) == 0)
		return openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = openat(folder, LOCK_FILE, OPEN_FLAGS);
	if (fd < 0 && errno == ENOENT && create) {
		fd = make_file(folder, &status);
		/* Another writer was faster. */
		if (fd < 0 && errno == EEXIST)
			fd = openat(folder, LOCK_FILE, OPEN_FLAGS);
	}
	if (fd < 0 || fstat(fd, &file) != 0)
		return -1;
	if (!is_sound(&file, &status)) {
		errno = EPERM;
		return -1;
	}
	return take_fd(&fd);
}
