/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The account in memory. */
#pragma once

#include <glib.h>
#include <devid/account.h>

/* Ready to be read into: nothing is given, all is at its default. */
struct devid_account *account_new(const char *folder);
/* Makes the account unusable; the first problem stays. Answers FALSE, for readers that answer it in
 * turn. */
gboolean account_broken(struct devid_account *account, const char *format, ...) G_GNUC_PRINTF(2, 3);
