/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What administrators fall into, found in an account that is sound: a table of findings. */
#pragma once

#include <time.h>
#include "lint-finding.h"

/* NULL after the last. */
const struct lint_row *lint_row(gsize index);
/* Everything that is found, in the order of the table; free with g_ptr_array_unref(). */
GPtrArray *lint_account(const struct devid_account *account, time_t now);

/* The rows. */
lint_look_fn lint_systems_blocked, lint_others_blocked, lint_rule_off, lint_name_unknown,
	lint_name_is_group, lint_signing_missing, lint_revocation;
lint_item_fn lint_override_blocked, lint_override_idle, lint_rule_shadowed, lint_rule_no_system,
	lint_rule_no_office, lint_rule_profiles, lint_group_twice, lint_group_nested,
	lint_profile_unused, lint_signing_expired, lint_signing_expiring, lint_office_spoofed,
	lint_certificate_off;
