/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The machine's credential: see credential.h. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <internal/cleanup.h>
#include "base/error.h"
#include "credential.h"

#define SOCKET "/credential"
/* systemd starts a service, and has the TPM unseal it: a slow one takes seconds. */
#define BOUND_US (30 * G_TIME_SPAN_SECOND)
#define STEP_MS	 1000
#define PAUSE_US G_TIME_SPAN_SECOND

static bool refuse_service(int problem, GError **error)
{
	return devid_error_set(error, DEVID_STORE_MISSING, "tpm-credential-service", NULL,
			       "TPM: nobody hands out the machine's credential: %s",
			       problem == ENOENT || problem == ECONNREFUSED
				       ? "devid-credential.socket is not active"
				       : g_strerror(problem));
}

static bool refuse(const char *why, GError **error)
{
	return devid_error_set(error, DEVID_STORE_MISSING, "tpm-credential", NULL,
			       "TPM: the machine's credential devid-tpm-auth %s", why);
}

/* systemd's own socket has root behind it. */
static bool is_roots(int fd)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && peer.uid == 0;
}

static int connect_service(GError **error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char folder[PATH_BUFFER];
	AUTO_CLOSE int fd = -1;

	errno = ENAMETOOLONG;
	if (path_runtime(SCOPE_SYSTEM, folder) &&
	    strlen(folder) + sizeof(SOCKET) <= sizeof(address.sun_path)) {
		g_snprintf(address.sun_path, sizeof(address.sun_path), "%s" SOCKET, folder);
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	}
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		refuse_service(errno, error);
		return -1;
	}
	if (!is_roots(fd)) {
		refuse_service(EPERM, error);
		return -1;
	}
	return take_fd(&fd);
}

/* What there is by now. False: that was the end, or more than there can be. */
static bool read_some(int fd, struct secret *text)
{
	ssize_t got = read(fd, text->data + text->length, STORE_AUTH_LENGTH + 1 - text->length);

	if (got > 0)
		text->length += (size_t)got;
	else if (got == 0 || (errno != EAGAIN && errno != EINTR))
		return false;
	return text->length <= STORE_AUTH_LENGTH;
}

static bool receive(int fd, const struct store_wait *wait, struct secret *text, GError **error)
{
	gint64 end = g_get_monotonic_time() + BOUND_US;
	struct pollfd some = { fd, POLLIN, 0 };

	while (g_get_monotonic_time() < end &&
	       !g_cancellable_is_cancelled(store_wait_cancel(wait))) {
		if (poll(&some, 1, STEP_MS) > 0) {
			if (!read_some(fd, text))
				return true;
		} else if (wait && wait->progress) {
			wait->progress(wait->data);
		}
	}
	return devid_error_set(error, DEVID_STORE_TIMEOUT, NULL,
			       "see why: journalctl -u 'devid-credential@*'",
			       "TPM: the machine's credential did not come in time");
}

/* As root's command makes it: text, so that other programs can be given it as a password. */
static bool is_good(const struct secret *text)
{
	for (size_t i = 0; i < text->length; i++)
		if (!g_ascii_isdigit(text->data[i]) && (text->data[i] < 'a' || text->data[i] > 'f'))
			return false;
	return text->length == STORE_AUTH_LENGTH;
}

static bool fetch(const struct store_wait *wait, struct secret *credential, GError **error)
{
	AUTO_CLOSE int fd = connect_service(error);
	bool good = false;

	if (fd < 0)
		return false;
	if (secret_allocate(credential, STORE_AUTH_LENGTH + 1) != DEVID_OK)
		return devid_error_set(error, DEVID_NO_MEMORY, NULL, NULL, "TPM: no memory");
	if (receive(fd, wait, credential, error))
		good = is_good(credential) ||
		       refuse(credential->length == 0
				      ? "is not here, or systemd can't decrypt it on this machine"
				      : "is not of the form that it was made in",
			      error);
	if (!good)
		secret_clear(credential);
	return good;
}

/* --- what failed just now */

static GMutex lock;
static GError *failure;
static gint64 failed_until;

static void remember(const GError *problem)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);

	g_clear_error(&failure);
	failure = problem ? g_error_copy(problem) : NULL;
	failed_until = g_get_monotonic_time() + PAUSE_US;
}

static bool fails_still(GError **error)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);
	bool still = failure && g_get_monotonic_time() < failed_until;

	if (still)
		g_propagate_error(error, g_error_copy(failure));
	return still;
}

bool credential_read_anew(const struct store_wait *wait, struct secret *credential, GError **error)
{
	g_autoptr(GError) problem = NULL;
	bool good = fetch(wait, credential, &problem);

	remember(problem);
	if (problem)
		g_propagate_error(error, g_steal_pointer(&problem));
	return good;
}

bool credential_read(const struct store_wait *wait, struct secret *credential, GError **error)
{
	return !fails_still(error) && credential_read_anew(wait, credential, error);
}
