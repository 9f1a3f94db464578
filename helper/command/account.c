/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid account: what changes the account's own files. Each action is in a file of its own. */
#include "command/admin/account.h"
#include "command.h"

static const struct command *const actions[] = { &account_revoke, NULL };

const struct command command_account = {
	.name = "account",
	.summary = "Change the account's own files",
	.about = "The account: what this computer, or this gateway, asks of device certificates.",
	.description = "devid account ACTION --help tells more of each.",
	.actions = actions,
};
