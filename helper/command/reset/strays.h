/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Private halves that no identity names. */
#pragma once

#include <internal/record.h>
#include "reset.h"

/* Whether the file of a token's folder is a private half that none of its records names. */
bool reset_is_stray(const char *file, const struct record_list *records);
/* Whether it is the agent's mark of a private half that was left behind somewhere. */
bool reset_is_mark(const char *file);
void reset_stray_keys(struct reset *reset, enum scope scope);
