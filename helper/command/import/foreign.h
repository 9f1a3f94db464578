/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The whole identity onto a foreign token, or nothing of it: key, public key, certificate and
 * chain, then a signature; each object that was made is taken out again if a later step fails.
 */
#pragma once

#include <stdbool.h>
#include "import.h"

/* The same to any other token; the module's own words for what went wrong. */
bool import_to_foreign(struct import *import, GError **error);
