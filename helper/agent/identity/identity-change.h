/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the writers of identities share beside identity.h. */
#pragma once

#include <stdbool.h>
#include "agent/store/store.h"

/* Shows the label beside the half, where its store can do that without asking anybody. */
void identity_relabel(enum scope scope, const char *store_name, const guint8 spki_hash[32],
		      const char *label, const struct store_wait *wait);
/* `object` 0: all of it; else OBJECT_PRIVATE_KEY or OBJECT_CERTIFICATE alone. The private half goes
 * when no record names it.
 */
bool identity_remove(enum scope scope, const char *name, guint32 object,
		     const struct store_wait *wait, GPtrArray *warnings, GError **error);
/* Ends the former keys of that identity, and whatever else has ended; their number is added to
 * `*count` (may be NULL). */
bool identity_retire(enum scope scope, const char *name, const struct store_wait *wait,
		     guint *count, GPtrArray *warnings, GError **error);
/* `object` 0: the identity's name; else the label of that object (identity-label.h). NULL
 * `new_label`, NULL `new_id`: as it is.
 */
bool identity_rename(enum scope scope, const char *name, guint32 object, const char *new_label,
		     GBytes *new_id, const struct store_wait *wait, GError **error);
