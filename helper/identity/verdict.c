/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the account says to an identity. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <internal/record.h>
#include <devid/reason.h>
#include "base/error.h"
#include "base/row.h"
#include "describe.h"
#include "verdict.h"

void verdict_accounts_clear(struct accounts *accounts)
{
	for (size_t i = 0; i < G_N_ELEMENTS(accounts->of); i++) {
		devid_account_free(accounts->of[i]);
		accounts->of[i] = NULL;
	}
}

struct devid_account *verdict_accounts_get(struct accounts *accounts, enum scope scope,
					   GError **error)
{
	enum devid_result result;

	if (accounts->of[scope])
		return accounts->of[scope];
	result = devid_account_load(NULL, scope == SCOPE_SYSTEM, &accounts->of[scope]);
	if (result == DEVID_OK)
		return accounts->of[scope];
	accounts->of[scope] = NULL;
	return devid_error_null(error, result, NULL, NULL, "account: %s",
				devid_reason_for(result)->cause);
}

/* Turns a verdict that passed into a refusal. Its strings are free()d with it. */
static void refuse(struct devid_verdict *verdict, enum devid_result result, const char *reason,
		   const char *message, const char *hint)
{
	const struct devid_reason *row = devid_reason_find(reason);

	verdict->result = result;
	verdict->reason = row ? row->word : devid_reason_for(result)->word;
	free(verdict->message);
	free(verdict->hint);
	verdict->message = strdup(message);
	verdict->hint = strdup(hint);
}

/* As the machine's agent would answer this process. It is told before anything is started, for
 * clients say no more than that a signature failed.
 */
static void refuse_system_user(struct devid_verdict *verdict, const struct identity *identity,
			       const struct devid_account *account)
{
	const struct devid_reason *row = devid_reason_find("system-user");

	if (identity->foreign || identity->scope != SCOPE_SYSTEM ||
	    (verdict->result != DEVID_OK && verdict->result != DEVID_NO_ACCOUNT) ||
	    devid_account_may_use_system(account, geteuid(), getegid()))
		return;
	refuse(verdict, row->result, row->word, row->cause, row->hint);
}

struct devid_verdict *verdict_assess(const struct identity *identity,
				     const struct devid_account *account, GError **error)
{
	struct devid_verdict *verdict = NULL;
	enum devid_protection required = devid_account_require_protection(account);
	enum devid_result result =
		devid_check(account, !identity ? NULL : identity->chain,
			    !identity ? 0 : identity->chain_count, time(NULL), &verdict);

	if (result != DEVID_OK)
		return devid_error_null(error, result, NULL, NULL, "check: %s",
					devid_reason_for(result)->cause);
	if (identity)
		refuse_system_user(verdict, identity, account);
	if (verdict->result != DEVID_OK || !identity)
		return verdict;
	if (!identity->foreign && !record_has_key(identity->record))
		refuse(verdict, DEVID_KEY_MISSING, "key-missing",
		       "the certificate is here and its private key is not",
		       "import it with its key: devid import-cert FILE.p12");
	else if (describe_protection(identity) < required)
		refuse(verdict, DEVID_BLOCKED, "protection",
		       required == DEVID_PROTECTION_HARDWARE
			       ? "the account asks for a key that nobody can copy"
			       : "the account asks for a key that its user can't copy",
		       required == DEVID_PROTECTION_HARDWARE
			       ? "import it to a hardware token: devid import-cert --store URI FILE"
			       : "import it for the machine: devid import-cert --system FILE, as root");
	return verdict;
}

static const struct verdict_word {
	enum devid_result result;
	const char *word;
} verdict_words[] = {
	{ DEVID_OK, "ok" },
	{ DEVID_NO_ACCOUNT, "no account" },
	{ DEVID_BLOCKED, "blocked" },
	{ DEVID_ACCOUNT_BROKEN, "account broken" },
	{ DEVID_KEY_MISSING, "no key" },
	{ DEVID_DENIED, "not yours" },
};

const char *verdict_word(const struct devid_verdict *verdict)
{
	const struct verdict_word *row = ROW_NUMBERED(verdict_words, (int)verdict->result);

	return row ? row->word : "failed";
}
