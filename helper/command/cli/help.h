/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What --help prints. */
#pragma once

#include <stdio.h>
#include "row.h"

/* `name` as one types it ("ca add"); NULL: that of all commands. */
void help_print(const struct command *command, const char *name, FILE *stream);
