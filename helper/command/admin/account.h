/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid account: the actions. */
#pragma once

#include "command/cli/row.h"

extern const struct command account_revoke;
