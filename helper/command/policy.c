/* devid policy: who may connect, as the account says. Each action is in a file of its own. */
#include <devid/reason.h>

#include "command/admin/policy.h"
#include "command/cli/group.h"
#include "command/cli/report.h"
#include "command.h"

static const struct command actions[] = {
	{ "show", "", "Print settings, offices, profiles and rules", policy_show },
	{ "test", "", "Tell what is decided for a user, and why", policy_test },
	{ "lint", "", "Warn of what administrators fall into", policy_lint },
};

enum exit_status command_policy(int argc, char **argv)
{
	static const struct command_group group = {
		"policy",
		"Who needs a device certificate, and who may connect: the account's settings and\n"
		"rules, for this machine or for any other.\n",
		actions,
		G_N_ELEMENTS(actions),
	};

	return group_run(&group, argc, argv);
}
