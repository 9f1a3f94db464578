/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The account as the agent knows it: read anew when it changes or gets old, and kept while an
 * enforcing one is being replaced. Not for several threads at once.
 */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <devid/account.h>
#include <internal/path.h>

/* One reading of it: immutable, counted, for several threads. */
struct known_account {
	gatomicrefcount references;
	struct devid_account *account;
	bool has_policy; /* there is more to ask than the certificate */
	bool enforces;	 /* or it is broken, and did before */
};
struct known_account *known_account_ref(struct known_account *known);
void known_account_unref(struct known_account *known);

struct account_keeper {
	enum scope scope;
	struct known_account *known; /* NULL: nothing is known of it, so nothing is allowed */
	gint64 read;
	gint64 gap_since; /* 0: the account that is known is the one that is there */
};
/* Reads it. false: what was known counts on. */
bool known_account_read(struct account_keeper *keeper);
bool known_account_is_old(const struct account_keeper *keeper);
/* NULL: nothing is known of it. */
const struct devid_account *known_account_get(const struct account_keeper *keeper);
/* true: it is known to be broken, as *error then says. */
bool known_account_is_broken(const struct account_keeper *keeper, GError **error);
/* What is known is forgotten, also where it is away; then it is read. */
void known_account_forget(struct account_keeper *keeper);
void known_account_clear(struct account_keeper *keeper);
