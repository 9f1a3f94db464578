/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The account, as commands load it. */
#include <devid/reason.h>

#include "base/error.h"
#include "account.h"

struct devid_account *account_load(const char *config, bool system, GError **error)
{
	struct devid_account *account = NULL;
	enum devid_result result = devid_account_load(config, system, &account);

	if (result == DEVID_OK)
		return account;
	return devid_error_null(error, result, NULL, NULL, "account: %s",
				devid_reason_for(result)->cause);
}

const char *account_state_word(const struct devid_account *account)
{
	static const char *const words[] = {
		[DEVID_ACCOUNT_NONE] = "none",
		[DEVID_ACCOUNT_READY] = "ready",
		[DEVID_ACCOUNT_UNUSABLE] = "broken",
	};

	return words[devid_account_state(account)];
}

const char *account_on_use_word(const struct devid_account *account)
{
	static const char *const words[] = {
		[DEVID_ON_USE_LOG] = "log",
		[DEVID_ON_USE_ENFORCE] = "enforce",
		[DEVID_ON_USE_OFF] = "off",
	};

	return words[devid_account_on_use(account)];
}

bool account_usable(const struct devid_account *account, GError **error)
{
	if (devid_account_state(account) != DEVID_ACCOUNT_UNUSABLE)
		return true;
	return devid_error_set(error, DEVID_ACCOUNT_BROKEN, NULL, NULL, "account: %s",
			       devid_account_problem(account));
}

bool account_ready(const struct devid_account *account, const char *who, GError **error)
{
	if (devid_account_state(account) != DEVID_ACCOUNT_NONE)
		return account_usable(account, error);
	return devid_error_set(error, DEVID_NO_ACCOUNT, NULL, NULL, "%s: %s", who,
			       devid_reason_for(DEVID_NO_ACCOUNT)->cause);
}
