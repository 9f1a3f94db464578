/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The account in memory. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <devid/account.h>

/* Ready to be read into: nothing is given, all is at its default. */
struct devid_account *account_new(const char *folder);
/* Makes the account unusable; the first problem stays. Answers false, for readers that answer it in
 * turn. */
bool account_broken(struct devid_account *account, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The files of one of its folders. */
struct account_files {
	const char *folder, *suffix;
	const char *title; /* how many of them are called */
	gsize count_max, size_max;
	bool (*read)(struct devid_account *account, const char *path, GBytes *bytes, void *data);
};
/* Reads them, in the order of their names; a folder that isn't there has none. False: the account
 * is broken.
 */
bool account_read_files(struct devid_account *account, const struct account_files *files,
			void *data);
