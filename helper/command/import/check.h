/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Everything that can be known before anything is written: limits, the account's verdict, the
 * label.
 */
#pragma once

#include "import.h"

/* Key kinds, sizes, the account's verdict, the label; warnings as they are found. */
gboolean import_check(struct import *import, GError **error);
