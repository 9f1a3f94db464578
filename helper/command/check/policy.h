/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The account's policy in devid check: the decision for one identity on this machine. */
#pragma once

#include <internal/path.h>

#include "identity/identity.h"

/* Where this machine is, by enum scope (the halves may have accounts of their own): found out once
 * a run. */
struct check_places {
	bool known[2];
	enum devid_origin origin[2];
};

/* NULL where the account says no more than that a certificate is required; or with *error. */
struct devid_decision *check_policy(struct check_places *places, enum scope scope,
				    const struct devid_account *account,
				    const struct devid_verdict *verdict, GError **error);
/* The event that says so. */
void check_policy_event(const struct identity *identity, const struct devid_decision *decision);
