/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records, as the agent writes them (include/internal/record.h says what they look like). */
#pragma once

#include <glib.h>
#include <internal/record.h>

/* The text of a record. What the reader wouldn't take back as it is given (a control character in a
 * label, no id, more than RECORD_SIZE_MAX) is refused: DEVID_BAD_DATA.
 */
GBytes *record_format(const struct record *record, GError **error);
