/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the store that was chosen isn't there: what else there is. */
#pragma once

#include <glib.h>
#include "import.h"

/* Gives such an error the hint that names them; leaves any other as it is. */
void import_name_choices(const struct import *import, GError **error);
