/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one buffer type for secrets: whole pages, locked, kept out of core dumps, zeroed in a forked
 * child, wiped on every path. Where mlock() fails it goes on without and says so once (syslog).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <devid/result.h>

struct secret {
	uint8_t *data;
	size_t length; /* bytes in use */
	size_t size;   /* bytes mapped */
};

#define SECRET_INIT ((struct secret){ NULL, 0, 0 })
#define AUTO_SECRET __attribute__((cleanup(secret_clear)))

/* Makes room for `size` bytes; `length` is 0, the bytes are zero. An earlier content is wiped. */
enum devid_result secret_allocate(struct secret *secret, size_t size) DEVID_MUST_USE;
/* Keeps the content, grows if needed, sets `length`; what it grew by is zero. */
enum devid_result secret_resize(struct secret *secret, size_t length) DEVID_MUST_USE;
enum devid_result secret_append(struct secret *secret, const void *data,
				size_t length) DEVID_MUST_USE;
/* Wipes, unlocks, unmaps. Harmless on SECRET_INIT and twice. */
void secret_clear(struct secret *secret);
/* `to` becomes what `from` is, which is empty then. */
void secret_move(struct secret *to, struct secret *from);
/* A memset that the compiler keeps. */
void secret_wipe(void *data, size_t length);
