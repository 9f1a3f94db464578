/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A run of bytes that belongs to somebody else. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
	const uint8_t *data;
	size_t length;
};

static inline bool bytes_equal(struct bytes one, struct bytes other)
{
	return one.length == other.length &&
	       (one.length == 0 || memcmp(one.data, other.data, one.length) == 0);
}
