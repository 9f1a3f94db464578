/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* account.conf. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <devid/account.h>

#define ACCOUNT_FILE	 "account.conf"
#define ACCOUNT_FILE_MAX 65536

/* The text of account.conf. False: the account is broken. */
bool account_keys_read(struct devid_account *account, const char *text, gsize length);
/* The keys that there are, for the test of what is written about them; NULL after the last. Those
 * of a rule: rules_key().
 */
const char *account_key(gsize index, const char **section);
