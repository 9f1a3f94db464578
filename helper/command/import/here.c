/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is here already: see here.h. */
#include <string.h>
#include "base/error.h"
#include "here.h"

bool import_same_leaf(const struct record *record, const struct import *import)
{
	gsize length;
	const void *der = g_bytes_get_data(import->candidate->leaf->der, &length);

	return record->leaf.length == length && memcmp(record->leaf.data, der, length) == 0;
}

identity_list *import_list_here(const struct import *import, GError **error)
{
	bool system = import->scope == SCOPE_SYSTEM;
	identity_list *list = identity_list_load(!system, system, error);

	if (list)
		(void)identity_list_add_authorities(list);
	return list;
}

const struct identity *import_find_leaf(const identity_list *list, const struct import *import)
{
	for (size_t i = 0; i < identity_list_count(list); i++)
		if (import_same_leaf(identity_list_get(list, i)->record, import))
			return identity_list_get(list, i);
	return NULL;
}

bool import_may_rename(const struct import *import, const identity_list *list, const char *from,
		       GError **error)
{
	g_autofree char *hint = NULL;

	if (!identity_list_called(list, import->asked_label))
		return true;
	hint = g_strdup_printf("choose another --label, or give the other one another name first: "
			       "devid rename '%s' NEW",
			       import->asked_label);
	return devid_error_set(
		error, DEVID_EXISTS, NULL, hint,
		"it is here already as \"%s\", and another identity is called \"%s\"", from,
		import->asked_label);
}
