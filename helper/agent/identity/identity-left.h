/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Private halves that were left behind, by writers that died or where a store was out of reach:
 * taken out beside the next writer, or for somebody who asks for it, waits, and is told what
 * becomes of each.
 */
#pragma once

#include <stdbool.h>

/* Takes out what was left behind, and waits for it; a person may be asked. A half whose store isn't
 * there at all is let go of, or its mark would stay for good: wait->kept tells of each. What stays
 * as it is, is told in `warnings`.
 */
bool identity_settle(enum scope scope, const struct store_wait *wait, GPtrArray *warnings,
		     GError **error);
