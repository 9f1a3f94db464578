/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of an import: what is in them, and which identity is meant. */
#pragma once

#include "import.h"

/* Reads the file (and the key's), picks the identity. */
gboolean import_read(struct import *import, GError **error);
