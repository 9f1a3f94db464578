/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a command hands out: see output.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <internal/cleanup.h>

#include "base/error.h"
#include "base/files.h"
#include "output.h"

static bool failed(GError **error, const char *path, int number)
{
	return devid_error_set(error, DEVID_IO, NULL, devid_errno_hint(number), "%s: %s", path,
			       g_strerror(number));
}

static bool write_file(const char *path, const char *text, gsize length, GError **error)
{
	g_autofree char *folder = g_path_get_dirname(path), *name = g_path_get_basename(path);
	AUTO_CLOSE int at = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat status;

	if (at < 0)
		return failed(error, folder, errno);
	if (fstatat(at, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(status.st_mode))
		return devid_error_set(error, DEVID_IO, NULL, "name a file, or leave --output out",
				       "%s: it is no regular file, and is not replaced", path);
	return files_replace(at, name, 0666, text, length, FILES_UMASK) ||
	       failed(error, path, errno);
}

bool output_write(const char *path, const char *text, GError **error)
{
	if (path && strcmp(path, "-") != 0)
		return write_file(path, text, strlen(text), error);
	return (fputs(text, stdout) >= 0 && fflush(stdout) == 0) ||
	       failed(error, "standard output", errno);
}
