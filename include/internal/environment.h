/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The agent's environment, built from a table: nothing else of the starter's reaches it. */
#pragma once

#include <internal/path.h>

/* NULL-ended; NULL: no memory. environment_free() is harmless on NULL. */
char **environment_build(enum scope scope);
void environment_free(char **environment);
