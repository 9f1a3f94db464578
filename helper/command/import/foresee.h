/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* --dry-run on a token of ours. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include "import.h"

/* What the agent would find, from the records; and whether it could have the store. */
bool import_foresee(struct import *import, GError **error);
