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

/* Room for one item more at the end of an array that grows: where the array lies then; NULL: no
 * memory, and it is as it was.
 */
static inline void *make_room(void *items, size_t count, size_t *room, size_t size)
{
	size_t wanted = *room ? 2 * *room : 8;
	void *larger = count < *room ? items : realloc(items, wanted * size);

	if (larger && count >= *room)
		*room = wanted;
	return larger;
}

static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}
