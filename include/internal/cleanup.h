/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cleanup attributes for code that knows libc alone. */
#pragma once

#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free_pointer(void *pointer)
{
	free(*(void **)pointer);
}

static inline void cleanup_close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define AUTO_FREE  __attribute__((cleanup(cleanup_free_pointer)))
#define AUTO_CLOSE __attribute__((cleanup(cleanup_close_fd)))
#define AUTO(type) __attribute__((cleanup(type##_clear)))

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}
