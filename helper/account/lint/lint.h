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
void lint_systems_blocked(struct lint *lint);
void lint_others_blocked(struct lint *lint);
void lint_override_blocked(struct lint *lint);
void lint_rule_off(struct lint *lint);
void lint_rule_shadowed(struct lint *lint);
void lint_rule_no_system(struct lint *lint);
void lint_rule_no_office(struct lint *lint);
void lint_rule_profiles(struct lint *lint);
void lint_name_unknown(struct lint *lint);
void lint_name_is_group(struct lint *lint);
void lint_group_twice(struct lint *lint);
void lint_group_nested(struct lint *lint);
void lint_signing_missing(struct lint *lint);
void lint_signing_expired(struct lint *lint);
void lint_signing_expiring(struct lint *lint);
void lint_revocation(struct lint *lint);
void lint_office_spoofed(struct lint *lint);
void lint_certificate_off(struct lint *lint);
void lint_override_idle(struct lint *lint);
void lint_profile_unused(struct lint *lint);
