/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Objects that other tools write one after the other (C_CreateObject): a key and a certificate
 * pair by their SPKI, whichever comes first, under the certificate's CKA_ID; each with the label
 * that it came with.
 */
#pragma once

#include <stdbool.h>
#include "identity.h"

/* A key that is to be made. */
struct identity_wish {
	const char *label;	   /* NULL: one that is free */
	const char *public_label;  /* the public key's; NULL: as the private key's */
	struct wire_field id;	   /* its CKA_ID; length 0: made from the key */
	const struct store *store; /* NULL: where keys go that other tools write */
	const char *renews;	   /* the record whose place it is to take, or NULL */
	enum wire_key_type type;
	guint bits;
};
/* Makes it in its store, where it waits for its certificate under that label. */
bool identity_generate(enum scope scope, const struct identity_wish *wish,
		       const struct store_wait *wait, struct identity_result *result,
		       GError **error);

/* One object as C_CreateObject brings it (requests WRITE): pairing by SPKI, the account's
 * limits. */
bool identity_write(enum scope scope, const struct wire_frame *request,
		    const struct devid_account *account, const struct store_wait *wait,
		    struct identity_result *result, GError **error);
