/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The only place that reads or fills a CK_ATTRIBUTE. PKCS#11 Base v2.40 sections 4.1 and 5.7.
 * `template` may be NULL where `count` is 0; callers have checked that.
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

/* What a template for C_CreateObject makes. */
struct attribute_creation {
	enum wire_object class;
	enum wire_key_type key_type; /* of a key */
	enum kind kind;
};
/* The faults of a template in the order of section 4.1.1 (where any of them would do):
 * CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID, CKR_ATTRIBUTE_READ_ONLY,
 * CKR_TEMPLATE_INCOMPLETE, CKR_TEMPLATE_INCONSISTENT. The same value twice is no fault.
 */
CK_RV attribute_check_creation(const CK_ATTRIBUTE *template, CK_ULONG count,
			       struct attribute_creation *creation);
/* Puts what a checked template holds into a WRITE frame. */
void attribute_put_creation(struct wire_frame *frame, const CK_ATTRIBUTE *template, CK_ULONG count,
			    enum kind kind);

/* C_SetAttributeValue: the same faults in the same order (section 4.1.2); `label` and `id` get data
 * where the template changes them.
 */
CK_RV attribute_check_change(const struct object *object, const CK_ATTRIBUTE *template,
			     CK_ULONG count, struct bytes *label, struct bytes *id);
