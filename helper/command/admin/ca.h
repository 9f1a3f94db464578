/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid ca: the account's signing certificates as files in its folder signing/. */
#pragma once

#include <stdbool.h>
#include <devid/account.h>
#include "command/cli/row.h"

/* ca-usage.c: the list with what each carries, by the event logs `files` (ended by NULL). */
bool ca_print_usage(const struct devid_account *account, char *const *files, time_t since,
		    bool json, GError **error);

extern const struct command ca_add;
extern const struct command ca_list;
extern const struct command ca_show;
extern const struct command ca_remove;
