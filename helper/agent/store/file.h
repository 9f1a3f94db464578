/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store "file": a private half as `<spki>.key` in the data folder, readable by its owner
 * alone.
 */
#pragma once

#include "store.h"

extern const struct store store_file;
