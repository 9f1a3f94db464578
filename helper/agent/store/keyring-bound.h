/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How long a request to the keyring may take. */
#pragma once

#include <stdbool.h>
#include <gio/gio.h>
#include "store.h"

struct keyring_bound {
	gint64 until;		       /* monotonic, µs */
	const struct store_wait *wait; /* may be NULL */
	bool prompted; /* a person was asked: what failed after that isn't tried again */
};

/* 4.5 s: below the 5 s after which clients give up, so that they hear why. */
void keyring_bound_begin(struct keyring_bound *bound, const struct store_wait *wait);
/* A person was asked and answered: the time begins anew. */
void keyring_bound_renew(struct keyring_bound *bound);
/* While a prompt is open: 118 s in all. */
void keyring_bound_for_prompt(struct keyring_bound *bound);
/* At least 1 while there is time left, else 0. */
int keyring_bound_left_ms(const struct keyring_bound *bound);
GCancellable *keyring_bound_cancel(const struct keyring_bound *bound);
void keyring_bound_progress(const struct keyring_bound *bound);
/* Tells what is kept of what was removed, once. */
void keyring_bound_kept(const struct keyring_bound *bound, const char *words);
/* false, with DEVID_STORE_TIMEOUT, when the time is up or the client went away. */
bool keyring_bound_holds(const struct keyring_bound *bound, GError **error);
