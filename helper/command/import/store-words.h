/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* --store and --tpm-auth, as each command that keeps a key takes them. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <internal/path.h>

/* `store` NULL: none was named; `foreign`: the command takes another token's URI too, which is not
 * judged here. DEVID_USAGE, with the command's name before it. */
bool store_words_judge(const char *command, enum scope scope, bool foreign, const char *store,
		       const char *tpm_auth, GError **error);
/* The store where none was named. */
const char *store_words_default(enum scope scope);
