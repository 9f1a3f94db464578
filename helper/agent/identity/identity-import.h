/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An import: what it would change is decided under the lock, the private half is written without
 * it (a person may be asked), and the record is put in place under the lock if the decision still
 * holds.
 */
#pragma once

#include <stdbool.h>
#include "agent/store/store.h"
#include "identity-undo.h"
#include "identity.h"

void identity_result_clear(struct identity_result *result);
struct identity_import {
	enum scope scope;
	const char *label;
	const GPtrArray *certificates; /* GBytes*, DER, leaf first; at least one */
	const struct secret *pkcs8;    /* NULL: a certificate whose key is already there; for
					* the TPM also what was wrapped for it */
	const struct store *store;
	guint32 flags;			     /* IMPORT_* */
	const struct devid_account *account; /* Limits are checked again here */
};
bool identity_import(const struct identity_import *import, const struct store_wait *wait,
		     struct identity_result *result, struct identity_undo **undo, GError **error);
