/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Our own tokens: one frame, one commit by the agent; then a signature by the way that clients
 * take.
 */
#pragma once

#include <stdbool.h>
#include "import.h"

/* Through the agent; one signature through our module, or everything out again. */
bool import_to_own(struct import *import, GError **error);
