/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An account that is being replaced: what lacks now what was there at the last look. What is there
 * and broken is no gap: nothing counts as allowed by it.
 */
#include <string.h>
#include <internal/path.h>
#include "account-gap.h"
#include "account-private.h"

/* The machine's account goes before the user's own: where the latter comes to light the former is
 * gone. */
static bool was_machines(const struct devid_account *known, const struct devid_account *found)
{
	char path[PATH_BUFFER];

	return strcmp(known->folder, found->folder) != 0 && path_config(SCOPE_SYSTEM, path) &&
	       strcmp(known->folder, path) == 0;
}

enum account_gap account_gap(const struct devid_account *known, const struct devid_account *found)
{
	if (known->state == DEVID_ACCOUNT_NONE)
		return ACCOUNT_GAP_NONE;
	if (found->state == DEVID_ACCOUNT_NONE || was_machines(known, found))
		return ACCOUNT_GAP_WHOLE;
	if (strcmp(known->folder, found->folder) != 0)
		return ACCOUNT_GAP_NONE;
	if (found->state != DEVID_ACCOUNT_READY || known->state != DEVID_ACCOUNT_READY)
		return ACCOUNT_GAP_NONE;
	if ((known->has_keys && !found->has_keys) ||
	    (known->policy.rules->len > 0 && found->policy.rules->len == 0))
		return ACCOUNT_GAP_PART;
	return ACCOUNT_GAP_NONE;
}
