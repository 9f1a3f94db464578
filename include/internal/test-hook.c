/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <internal/test-hook.h>

int (*test_hook_fault)(const char *step, const char *file);
