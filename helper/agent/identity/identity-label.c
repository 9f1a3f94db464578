/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which object of an identity has which label: see identity-label.h. */
#include <internal/wire.h>
#include "base/error.h"
#include "identity-label.h"

struct labels labels_of(const struct record *record)
{
	return (struct labels){ record->label, record_key_label(record),
				record_public_key_label(record) };
}

void labels_put(const struct labels *labels, struct record *record)
{
	bool has_key = record_has_key(record);

	record->label = (char *)labels->name;
	record->key_label =
		has_key && !g_str_equal(labels->key, labels->name) ? (char *)labels->key : NULL;
	record->public_key_label = has_key && !g_str_equal(labels->public_key, labels->key)
					   ? (char *)labels->public_key
					   : NULL;
}

bool labels_set(struct record *record, guint32 object, const char *label, GError **error)
{
	struct labels labels = labels_of(record);
	bool has_key = record_has_key(record), has_certificate = record->leaf.length > 0;

	if (object == OBJECT_CERTIFICATE && has_certificate) {
		labels.name = label;
	} else if (object == OBJECT_PRIVATE_KEY && has_key) {
		labels.key = label;
		if (!has_certificate)
			labels.name = label;
	} else if (object == OBJECT_PUBLIC_KEY && has_key) {
		labels.public_key = label;
	} else {
		return devid_error_set(error, DEVID_NOT_FOUND, NULL, NULL,
				       "the identity has no such object");
	}
	labels_put(&labels, record);
	return true;
}

void labels_rename(struct record *record, const char *name)
{
	struct labels labels = labels_of(record);

	if (g_str_equal(labels.key, labels.name))
		labels.key = name;
	if (g_str_equal(labels.public_key, labels.name))
		labels.public_key = name;
	labels.name = name;
	labels_put(&labels, record);
}
