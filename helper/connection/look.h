/* What of a tunnel can be seen from outside. */
#pragma once

#include <stdbool.h>
#include <glib.h>

/* Whether an interface of this machine has it. */
bool look_address_is_here(const char *address);
/* Whether a program of that name, `pid` or one below it, has children: its script. What can't be seen isn't. */
bool look_is_busy(GPid pid, const char *name);
