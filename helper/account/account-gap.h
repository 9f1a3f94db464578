/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An account that is being replaced: its folder renamed, files taken away and written again. */
#pragma once

#include <devid/account.h>

enum account_gap {
	ACCOUNT_GAP_NONE,  /* what was found counts */
	ACCOUNT_GAP_WHOLE, /* there is no account any more, or another folder's in its place */
	ACCOUNT_GAP_PART,  /* account.conf is gone or empty, or all rules are */
};
/* What `found` is to an account that was known before. */
enum account_gap account_gap(const struct devid_account *known, const struct devid_account *found);
