/* devid account: what changes the account's own files. Each action is in a file of its own. */
#include "command/admin/account.h"
#include "command/cli/group.h"
#include "command/cli/report.h"
#include "command.h"

static const struct command actions[] = {
	{ "revoke", "FILE", "Revoke a device certificate", account_revoke },
};

enum exit_status command_account(int argc, char **argv)
{
	static const struct command_group group = {
		"account",
		"The account: what this computer, or this gateway, asks of device certificates.\n",
		actions,
		G_N_ELEMENTS(actions),
	};

	return group_run(&group, argc, argv);
}
