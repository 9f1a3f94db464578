/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The folder of signing certificates: opened, locked and written so that no reader sees half a
 * file, and nothing follows a link in a folder that somebody else owns.
 */
#pragma once

#include <stdbool.h>

/* The folder that is written, open and under its lock: one writer at a time, the account read again
 * under it.
 */
struct ca_folder {
	char *path; /* of signing/ */
	int fd;	    /* -1: it doesn't exist */
	int lock;   /* held until the folder is cleared */
	struct devid_account *account;
};
#define CA_FOLDER_INIT             \
	{                          \
		NULL, -1, -1, NULL \
	}
void ca_folder_clear(struct ca_folder *folder);
#define AUTO_CA_FOLDER __attribute__((cleanup(ca_folder_clear)))

/* Whose account a command is about: --system, --user, else the machine's for root and the user's
 * own for anybody else.
 */
struct account_choice {
	gboolean user, system;
};
#define ACCOUNT_OPTIONS(choice)                                                        \
	{ "user", 0, 0, G_OPTION_ARG_NONE, &(choice).user, "Your own account", NULL }, \
	{                                                                              \
		"system", 0, 0, G_OPTION_ARG_NONE, &(choice).system,                   \
			"The machine's account (root; root's default)", NULL           \
	}
/* False where both were named, which is told of `command`. */
bool ca_folder_scope(const struct account_choice *choice, const char *command, enum scope *scope);
/* For writing. `create`: makes the folders that are missing. Refused for the user's own where
 * /etc/devid holds an account, for a folder that isn't ours, and for the machine's without root.
 */
bool ca_folder_open(struct ca_folder *folder, enum scope scope, bool create, GError **error);
/* Whole or not at all, never over an existing file (DEVID_EXISTS). */
bool ca_folder_write(struct ca_folder *folder, const char *file, GBytes *content, GError **error);
bool ca_folder_remove(struct ca_folder *folder, const char *file, GError **error);
/* The same for the account's folder itself, or for that of another one (`config`, or NULL): what
 * lies there is open, locked, and read again. Fails where there is no account.
 */
bool ca_folder_open_account(struct ca_folder *folder, const char *config, enum scope scope,
			    GError **error);
/* Writes a file of it, whole or not at all, over the one that is there; `path` for messages. */
bool ca_folder_replace(int folder, const char *file, const char *path, GBytes *content,
		       GError **error);
