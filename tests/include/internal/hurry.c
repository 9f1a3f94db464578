/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A clock that runs faster, and a poll() that agrees with it; linked with --wrap. */
#include <poll.h>
#include <time.h>
#include "unit.h"

unsigned hurry_factor = 1;

int __real_clock_gettime(clockid_t id, struct timespec *time);
int __wrap_clock_gettime(clockid_t id, struct timespec *time);
int __real_poll(struct pollfd *fds, nfds_t count, int timeout);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout);

int __wrap_clock_gettime(clockid_t id, struct timespec *time)
{
	static struct timespec start;
	int result = __real_clock_gettime(id, time);
	int64_t elapsed;

	if (result != 0 || hurry_factor == 1)
		return result;
	if (start.tv_sec == 0)
		start = *time;
	elapsed =
		(int64_t)(time->tv_sec - start.tv_sec) * 1000000000 + time->tv_nsec - start.tv_nsec;
	elapsed *= hurry_factor;
	time->tv_sec = start.tv_sec + elapsed / 1000000000;
	time->tv_nsec = elapsed % 1000000000;
	return 0;
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	if (timeout > 0 && hurry_factor > 1)
		timeout = timeout / (int)hurry_factor + 1;
	return __real_poll(fds, count, timeout);
}
