/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An import to the machine's token by who isn't root. */
#pragma once

#include "command/admin/by-root.h"
#include "import.h"

/* After import_read(): root gets the identity that was picked, and the words that it may have. */
enum exit_status import_hand_over(const struct import *import, struct by_root *by_root,
				  GError **error);
