/* What an account answers by its policy. */
#ifndef ACCOUNT_ACCOUNT_POLICY_H
#define ACCOUNT_ACCOUNT_POLICY_H

#include <devid/account.h>

struct policy;

/* As it was read, for who shows all of it. */
const struct policy *account_policy(const struct devid_account *account);

#endif
