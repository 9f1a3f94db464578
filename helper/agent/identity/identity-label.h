/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The labels of an identity's objects.
 *
 * In PKCS#11 a label is an object's. The certificate's is the identity's name besides, by which
 * people and devid know it and which no other identity of the token has; where there is no
 * certificate, the private key's is. Keys beside a certificate may be called anything, also as
 * others are: nothing but a search sees it.
 */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <internal/record.h>

/* As the objects show them, borrowed. */
struct labels {
	const char *name, *key, *public_key;
};
struct labels labels_of(const struct record *record);
/* Into a record whose store tells already whether it has keys; borrowed by it. */
void labels_put(const struct labels *labels, struct record *record);

/* RENAME: the label is that object's alone. DEVID_NOT_FOUND where the record has no such object. */
bool labels_set(struct record *record, guint32 object, const char *label, GError **error);
/* RENAME without an object, `devid rename`: the identity's name. What is called as it was goes
 * along; what has another label was given that on purpose, and keeps it.
 */
void labels_rename(struct record *record, const char *name);
