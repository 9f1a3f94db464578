/* What the account says to an identity. */
#pragma once

#include <devid/account.h>
#include <devid/check.h>
#include <glib.h>
#include <internal/path.h>
#include "identity.h"

/* Accounts of both halves, loaded when first asked for. */
struct accounts {
	struct devid_account *of[2]; /* by enum half */
};
#define AUTO_ACCOUNTS __attribute__((cleanup(accounts_clear)))
void accounts_clear(struct accounts *accounts);
/* NULL for no memory alone. */
struct devid_account *accounts_get(struct accounts *accounts, enum half half, GError **error);
/* The chain check, then what else the account asks of an identity: a key that is there, and one
 * that can't be copied by more people than it allows. `identity` NULL: there is none.
 */
struct devid_verdict *verdict_assess(const struct identity *identity,
				     const struct devid_account *account, GError **error);
typedef struct devid_verdict devid_verdict;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(devid_verdict, devid_verdict_free)
const char *verdict_word(const struct devid_verdict *verdict); /* "ok", "failed", "no account", … */
