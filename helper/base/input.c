/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files that hold nothing secret, read whole: bounded in size, and in time where a FIFO is
 * silent. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "input.h"

#define SILENCE_MS 10000
#define STEP	   8192

static bool failed(GError **error, const char *name, int number)
{
	return devid_error_set(error, DEVID_IO, NULL, devid_errno_hint(number), "%s: %s", name,
			       g_strerror(number));
}

/* A FIFO that nobody writes to and a terminal that nobody types on: the former ends the wait. */
bool input_wait(int fd, const char *name, GError **error)
{
	struct pollfd poll_fd = { fd, POLLIN, 0 };
	int ready;

	if (isatty(fd))
		return true;
	do
		ready = poll(&poll_fd, 1, SILENCE_MS);
	while (ready < 0 && errno == EINTR);
	if (ready < 0)
		return failed(error, name, errno);
	/* What is wrong with the descriptor, reading it tells. */
	if (ready > 0)
		return true;
	return devid_error_set(error, DEVID_TIMEOUT, NULL, NULL, "%s: nothing came for %d seconds",
			       name, SILENCE_MS / 1000);
}

static bool read_all(int fd, const char *name, gsize most, GByteArray *bytes, GError **error)
{
	guint8 buffer[STEP];
	ssize_t got;

	for (;;) {
		if (!input_wait(fd, name, error))
			return false;
		got = read(fd, buffer, sizeof(buffer));
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got < 0)
			return failed(error, name, errno);
		if (got == 0)
			return true;
		g_byte_array_append(bytes, buffer, (guint)got);
		if (bytes->len > most)
			return devid_error_set(error, DEVID_TOO_LARGE, NULL, NULL,
					       "%s: larger than %" G_GSIZE_FORMAT " bytes", name,
					       most);
	}
}

GBytes *input_read(const char *name, gsize most, GError **error)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	bool standard = strcmp(name, "-") == 0, ok;
	struct stat status;
	int fd = standard ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0) {
		failed(error, name, errno);
		return NULL;
	}
	if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode))
		ok = failed(error, name, EISDIR);
	else
		ok = read_all(fd, standard ? "standard input" : name, most, bytes, error);
	if (!standard)
		close(fd);
	return ok ? g_byte_array_free_to_bytes(g_steal_pointer(&bytes)) : NULL;
}
