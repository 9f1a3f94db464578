/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid policy: the actions. */
#pragma once

#include "command/cli/row.h"

extern const struct command policy_show;
extern const struct command policy_test;
extern const struct command policy_lint;
