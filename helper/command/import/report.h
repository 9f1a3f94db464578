/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is told of an import: warnings while it goes on, the result, the event. */
#pragma once

#include "import.h"

void import_warn(struct import *import, const char *format, ...) G_GNUC_PRINTF(2, 3);
void import_report(const struct import *import);
void import_event(const struct import *import, const GError *error);
