/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether bytes are UTF-8 that may stand in a record or on a line for a person. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Well-formed (Unicode table 3-7) and without control characters (C0, DEL, C1). */
bool utf8_is_printable(const char *text, size_t length);
