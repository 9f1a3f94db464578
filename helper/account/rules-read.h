/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules: the files of rules.d. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <devid/account.h>

/* The files of rules.d, in order. False: the account is broken. */
bool rules_load(struct devid_account *account);
/* The text of one file, and whether what all of them refer to is there, for the fuzzers: `names` is
 * a table of strings, empty before the first file.
 */
bool rules_read_text(struct devid_account *account, GHashTable *names, const char *path,
		     const char *text, gsize length);
bool rules_complete(struct devid_account *account);
const char *rules_key(gsize index);
