/* account.conf. Whatever comes in: sound and within its limits, or broken with a line. */
#include <string.h>
#include "fuzz.h"
#include "../../helper/account/account-private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct devid_account *account = NULL;

	g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR);
	FUZZ_CHECK(devid_account_load("/nonexistent", true, &account) == DEVID_OK);
	account->state = DEVID_ACCOUNT_READY;
	if (account_keys_read(account, (const char *)data, size)) {
		FUZZ_CHECK(devid_account_state(account) == DEVID_ACCOUNT_READY);
		FUZZ_CHECK(!devid_account_problem(account));
		FUZZ_CHECK(devid_account_device_limit(account) >= 512 &&
			   devid_account_device_limit(account) <= 65536);
		FUZZ_CHECK(devid_account_signing_count_limit(account) >= 1);
	} else {
		const char *problem = devid_account_problem(account);

		FUZZ_CHECK(devid_account_state(account) == DEVID_ACCOUNT_UNUSABLE);
		FUZZ_CHECK(g_str_has_prefix(problem, "/nonexistent/account.conf:"));
		FUZZ_CHECK(!strchr(problem, '\n') && g_utf8_validate(problem, -1, NULL));
		FUZZ_CHECK(devid_account_on_use(account) == DEVID_ON_USE_ENFORCE);
		FUZZ_CHECK(!devid_account_may_use_system(account, 0, 0));
	}
	(void)devid_account_may_use_system(account, 4000000000u, 4000000000u);
	devid_account_free(account);
	return 0;
}
