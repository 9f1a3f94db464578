/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cookie: one line. */
#pragma once

#include <stdbool.h>
#include <internal/secret.h>

/* The longest that are known have some 3,000. */
#define COOKIE_MAX (16 * 1024)

/* Whether what came is one cookie: not empty, printable ASCII, a single line. Gives it one line's
 * end. */
bool cookie_is_sound(struct secret *cookie);
