/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an account answers by its policy. */
#pragma once

#include <devid/account.h>

struct policy;

/* As it was read, for who shows all of it. */
const struct policy *account_policy(const struct devid_account *account);
