/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The only place, with attribute-template.h, that reads or fills a CK_ATTRIBUTE. PKCS#11 Base v2.40
 * sections 4.1 and 5.7. `template` may be NULL where `count` is 0; callers have checked that.
 */
#pragma once

#include "attribute-table.h"
#include "token.h"

/* C_GetAttributeValue: CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_TYPE_INVALID, CKR_BUFFER_TOO_SMALL,
 * each after all of the template has been worked on.
 */
CK_RV attribute_read(const struct object *object, CK_ATTRIBUTE *template, CK_ULONG count);
/* The bytes of all values that can be read. */
CK_ULONG attribute_size(const struct object *object);

/* Search: keeps those of `objects` that have every value of the template, in their order, and
 * returns how many those are. An attribute that an object doesn't have, or doesn't show, matches
 * nothing.
 */
size_t attribute_filter(const struct object **objects, size_t count, const CK_ATTRIBUTE *template,
			CK_ULONG template_count);
/* Whether objects of that class can match at all. */
bool attribute_allows_class(const CK_ATTRIBUTE *template, CK_ULONG count, enum wire_object class);
/* Values without memory behind them: CKR_ATTRIBUTE_VALUE_INVALID. */
CK_RV attribute_check_pointers(const CK_ATTRIBUTE *template, CK_ULONG count);

/* For attribute-template.c: the row of an attribute, NULL where such objects have none; the first
 * value for it, or NULL; what values mean, false where they mean nothing (NULL too). */
const struct attribute_row *attribute_row_of(CK_ATTRIBUTE_TYPE type, enum kind kind);
enum kind attribute_kind(const struct object *object);
const CK_ATTRIBUTE *attribute_in(const CK_ATTRIBUTE *template, CK_ULONG count,
				 CK_ATTRIBUTE_TYPE type);
bool attribute_number(const CK_ATTRIBUTE *attribute, CK_ULONG *number);
bool attribute_class(const CK_ATTRIBUTE *attribute, enum wire_object *class, enum kind *kinds);
bool attribute_key_type(const CK_ATTRIBUTE *attribute, enum wire_key_type *type, enum kind *kinds);

static inline struct bytes attribute_bytes(const CK_ATTRIBUTE *attribute)
{
	return (struct bytes){ attribute->pValue, attribute->ulValueLen };
}
