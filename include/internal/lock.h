/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The writers' lock of a folder, for flock(2): on what nobody but its writers can open. Whoever can
 * open a thing can hold its lock for ever, and the machine's folders are open for all to read.
 */
#pragma once

#include <stdbool.h>

#define LOCK_FILE ".lock"

/* A descriptor to lock: the folder itself where others can't open it, else a file in it that only
 * its owner can. `create`: made where it is missing; without, and missing: -1 with ENOENT, and
 * nobody has ever written there. Otherwise -1 with errno; EPERM: what lies there is not such a
 * file.
 */
int lock_open(int folder, bool create);
