/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The account, as commands load it. */
#pragma once

#include <stdbool.h>
#include <devid/account.h>
#include <glib.h>

typedef struct devid_account devid_account;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(devid_account, devid_account_free)

/* That of the folder `config`; NULL: the one that is in force, with `system` the machine's whoever
 * asks. */
struct devid_account *account_load(const char *config, bool system, GError **error);
const char *account_state_word(const struct devid_account *account); /* "none", "ready", "broken" */
const char *account_on_use_word(const struct devid_account *account); /* as OnUse= has it */
/* Not where it is broken: then nothing that it says is known. */
bool account_usable(const struct devid_account *account, GError **error);
/* Nor where there is none, which is told of `who`. */
bool account_ready(const struct devid_account *account, const char *who, GError **error);
