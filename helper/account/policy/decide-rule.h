/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One rule of a decision. */
#pragma once

#include "deciding.h"

/* Whether a rule matches; NULL, or why not (free it). *posture: as in devid_rule_step. */
char *decide_rule_mismatch(const struct policy_rule *rule, struct deciding *deciding,
			   bool *posture);
