/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way to the data folder. */
#pragma once

#include <stdbool.h>
#include "folder.h"

/* Opens the scope's data folder, which must be ours; `create` makes it and what is missing above
 * it. A folder that is not there: DEVID_NOT_FOUND. Its mode is put right (0700, system 0755).
 */
bool folder_open(enum scope scope, bool create, struct folder *folder, GError **error);
/* Closes, and with that ends the lock. Harmless on FOLDER_INIT and twice. */
void folder_close(struct folder *folder);
/* Waits for other writers, 5 s at most (DEVID_TIMEOUT); `cancel` may be NULL. */
bool folder_lock(struct folder *folder, GCancellable *cancel, GError **error);
void folder_unlock(struct folder *folder);
