/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The account as the agent knows it: see known-account.h. */
#include <syslog.h>
#include <devid/policy.h>
#include "account/account-gap.h"
#include "base/error.h"
#include "known-account.h"

/* It may name revocation lists anywhere. */
#define ACCOUNT_AGE (60 * G_USEC_PER_SEC)
/* A part of an account that is away no longer than this is being replaced; then it was taken
 * away. */
#define GAP_PART_AGE (2 * G_USEC_PER_SEC)
#define GAP_LOOK     (1 * G_USEC_PER_SEC)

struct known_account *known_account_ref(struct known_account *known)
{
	g_atomic_ref_count_inc(&known->references);
	return known;
}

void known_account_unref(struct known_account *known)
{
	if (!known || !g_atomic_ref_count_dec(&known->references))
		return;
	devid_account_free(known->account);
	g_free(known);
}

static struct known_account *load(const struct account_keeper *keeper)
{
	struct known_account *found = g_new0(struct known_account, 1);

	g_atomic_ref_count_init(&found->references);
	if (devid_account_load(NULL, keeper->scope == SCOPE_SYSTEM, &found->account) != DEVID_OK) {
		known_account_unref(found);
		return NULL;
	}
	if (devid_account_state(found->account) == DEVID_ACCOUNT_READY)
		found->has_policy = devid_account_has_policy(found->account);
	found->enforces = devid_account_state(found->account) == DEVID_ACCOUNT_READY
				  ? devid_account_on_use(found->account) == DEVID_ON_USE_ENFORCE
				  : devid_account_state(found->account) == DEVID_ACCOUNT_UNUSABLE &&
					    keeper->known && keeper->known->enforces;
	return found;
}

/* While an enforcing account is being replaced, what was known of it counts on: nobody has a use
 * pass in the moment in which it is away. One that was taken away for good ends with the agent, or
 * by FORGET.
 */
static bool keeps(struct account_keeper *keeper, const struct known_account *found)
{
	gint64 now = g_get_monotonic_time();
	enum account_gap gap = ACCOUNT_GAP_NONE;

	if (keeper->known && keeper->known->enforces && found)
		gap = account_gap(keeper->known->account, found->account);
	if (gap == ACCOUNT_GAP_NONE) {
		keeper->gap_since = 0;
		return false;
	}
	if (keeper->gap_since == 0) {
		keeper->gap_since = now;
		syslog(LOG_WARNING,
		       "%s: the account is gone, in whole or in part: what was known of it "
		       "counts until it is there again (or: devid reset-cred)",
		       devid_account_folder(keeper->known->account));
	}
	if (gap == ACCOUNT_GAP_PART && now - keeper->gap_since >= GAP_PART_AGE) {
		keeper->gap_since = 0;
		return false;
	}
	keeper->read = now - ACCOUNT_AGE + GAP_LOOK;
	return true;
}

bool known_account_read(struct account_keeper *keeper)
{
	struct known_account *found = load(keeper);

	if (keeps(keeper, found)) {
		known_account_unref(found);
		return false;
	}
	known_account_unref(keeper->known);
	keeper->known = found;
	keeper->read = g_get_monotonic_time();
	return true;
}

const struct devid_account *known_account_get(const struct account_keeper *keeper)
{
	return keeper->known ? keeper->known->account : NULL;
}

bool known_account_is_broken(const struct account_keeper *keeper, GError **error)
{
	const struct devid_account *account = known_account_get(keeper);

	if (!account || devid_account_state(account) != DEVID_ACCOUNT_UNUSABLE)
		return false;
	devid_error_set(error, DEVID_ACCOUNT_BROKEN, NULL, NULL, "account: %s",
			devid_account_problem(account));
	return true;
}

bool known_account_is_old(const struct account_keeper *keeper)
{
	return g_get_monotonic_time() - keeper->read >= ACCOUNT_AGE;
}

void known_account_forget(struct account_keeper *keeper)
{
	if (!keeper->known)
		return;
	g_clear_pointer(&keeper->known, known_account_unref);
	known_account_read(keeper);
}

void known_account_clear(struct account_keeper *keeper)
{
	g_clear_pointer(&keeper->known, known_account_unref);
}
