/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the account says to an identity. */
#pragma once

#include <devid/account.h>
#include <devid/check.h>
#include <glib.h>
#include <internal/path.h>
#include "identity.h"

/* Accounts of both scopes, loaded when first asked for. */
struct accounts {
	struct devid_account *of[2]; /* by enum scope */
};
#define AUTO_ACCOUNTS __attribute__((cleanup(verdict_accounts_clear)))
void verdict_accounts_clear(struct accounts *accounts);
/* NULL for no memory alone. */
struct devid_account *verdict_accounts_get(struct accounts *accounts, enum scope scope,
					   GError **error);
/* The chain check, then what else the account asks of an identity: a key that is there, and one
 * that can't be copied by more people than it allows. `identity` NULL: there is none.
 */
struct devid_verdict *verdict_assess(const struct identity *identity,
				     const struct devid_account *account, GError **error);
typedef struct devid_verdict devid_verdict;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(devid_verdict, devid_verdict_free)
const char *verdict_word(const struct devid_verdict *verdict); /* "ok", "failed", "no account", … */
