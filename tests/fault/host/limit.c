/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hosts that have little: no standard streams, hardly a descriptor, no room to write. */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include "host.h"

static void without_streams(void)
{
	CK_SESSION_HANDLE session;
	int kept[3];

	for (int fd = 0; fd < 3; fd++) {
		kept[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 10);
		close(fd);
	}
	host_load();
	session = host_begin();
	if (host_sign(session) != CKR_OK || host_sign_begin(session, STREAMED) != CKR_OK ||
	    host_sign_end(session, STREAMED) != CKR_OK)
		_exit(2);
	/* None of ours is where the host prints. */
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) != -1)
			_exit(3);
	if (p11->C_Finalize(NULL) != CKR_OK)
		_exit(4);
	for (int fd = 0; fd < 3; fd++) {
		dup2(kept[fd], fd);
		close(kept[fd]);
	}
}

static int fill(int *held)
{
	int count = 0, fd;

	while ((fd = fcntl(2, F_DUPFD_CLOEXEC, 3)) >= 0)
		held[count++] = fd;
	return count;
}

/* So many are left: always an answer, and the right one from three on, with which an agent is
 * started. */
static void with_few_descriptors(void)
{
	struct rlimit limit = { 64, 64 };
	CK_SESSION_HANDLE session;
	int held[64], count;

	CHECK(agent_pid() == 0);
	host_load();
	session = host_begin();
	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	count = fill(held);
	CHECK(count > 10);
	for (int left = 0; left < 6; left++) {
		CK_RV rv = host_sign(session);

		CHECK(left >= 3 ? rv == CKR_OK
				: rv == CKR_OK || rv == CKR_DEVICE_ERROR || rv == CKR_HOST_MEMORY ||
					  rv == CKR_KEY_HANDLE_INVALID || rv == CKR_DEVICE_MEMORY);
		fprintf(stderr, "# %d left: 0x%lx\n", left, rv);
		close(held[--count]);
	}
	while (count > 0)
		close(held[--count]);
	CHECK(host_sign(session) == CKR_OK);
	CHECK(p11->C_Finalize(NULL) == CKR_OK);
}

/* The host's closing of everything, as a daemon does, and something else in our place. */
static void all_closed(void)
{
	CK_SESSION_HANDLE session;
	int fds = count_fds(), mine[4];

	host_load();
	session = host_begin();
	CHECK(host_sign(session) == CKR_OK);
	CHECK(host_sign_begin(session, STREAMED) == CKR_OK);
	for (int fd = 3; fd < 64; fd++)
		close(fd);
	CHECK(count_fds() <= fds);
	CHECK(pipe(mine) == 0 && pipe(mine + 2) == 0);
	CHECK(host_sign_end(session, STREAMED) == CKR_DEVICE_ERROR);
	CHECK(host_sign(session) == CKR_OK);
	CHECK(p11->C_Finalize(NULL) == CKR_OK);
	for (int i = 0; i < 4; i++)
		CHECK(close(mine[i]) == 0);
}

/* What the host may not write, the agent may not either; it signs all the same. */
static void without_room(void)
{
	struct rlimit nothing = { 0, RLIM_INFINITY };

	CHECK(getrlimit(RLIMIT_FSIZE, &nothing) == 0);
	nothing.rlim_cur = 0;
	CHECK(setrlimit(RLIMIT_FSIZE, &nothing) == 0);
	host_load();
	CHECK(host_sign(host_begin()) == CKR_OK);
	CHECK(p11->C_Finalize(NULL) == CKR_OK);
}

const struct manner limit_manners[] = {
	{ "without-streams", without_streams },
	{ "with-few-descriptors", with_few_descriptors },
	{ "all-closed", all_closed },
	{ "without-room", without_room },
	{ NULL, NULL },
};
