/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a ruleset of nftables does with what comes in. */
#pragma once

#include <devid/policy.h>

enum ruleset_over { RULESET_IPV4, RULESET_IPV6 };
/* PASS: what no rule accepts is dropped or rejected, by a base chain's policy or by a rule without
 * a condition. Conditions are not weighed: a rule that accepts under one counts as accepting
 * little, one that drops under one as dropping nothing. `json` is what `nft -j list ruleset`
 * writes, `listing` is the same ruleset without -j, which alone has it in every version that a
 * table is dormant. `found` is one clause.
 */
enum devid_answer posture_ruleset_judge(const char *json, const char *listing,
					enum ruleset_over over, char **found);
