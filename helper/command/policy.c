/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid policy: who may connect, as the account says. Each action is in a file of its own. */
#include "command/admin/policy.h"
#include "command.h"

static const struct command *const actions[] = { &policy_show, &policy_test, &policy_lint, NULL };

const struct command command_policy = {
	.name = "policy",
	.summary = "Tell who may connect, as the account says",
	.about = "Who needs a device certificate, and who may connect: the account's settings and "
		 "rules, for this machine or for any other.",
	.description = "devid policy ACTION --help tells more of each.",
	.actions = actions,
};
