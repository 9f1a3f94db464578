/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who a user is to the policy. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include "policy.h"

/* The groups of one user, looked up when first asked for. */
struct who {
	const struct policy *policy;
	const char *user;	   /* or NULL */
	const char *const *groups; /* that the question names, or NULL */
	bool ask_names;
	struct user_groups *names; /* of the name service */
};
/* Whether "alice", "@group" or "*" means the user. */
bool who_is(struct who *who, const char *entry);
void who_clear(struct who *who);
