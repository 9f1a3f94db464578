/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The decision. */
#pragma once

#include <devid/policy.h>
#include "policy.h"

/* Decides by a policy that was read without a fault. Never NULL: devid_decision_free(). */
struct devid_decision *policy_decide(const struct policy *policy,
				     const struct devid_question *question);
/* Whatever is asked: a refusal with the reason `word`. Takes `message`; NULL: the reason's
 * cause. */
struct devid_decision *policy_refuse(const char *word, char *message);
