/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Templates that make or change objects. PKCS#11 Base v2.40 sections 4.1, 5.7 and 5.13. */
#pragma once

#include "attribute.h"

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

/* The two templates of C_GenerateKeyPair, and what they ask for; of what both may say, the private
 * key's word. Lengths are 0 where nothing was said.
 */
struct attribute_pair {
	const CK_ATTRIBUTE *public;
	CK_ULONG public_count;
	const CK_ATTRIBUTE *private;
	CK_ULONG private_count;
};
struct attribute_generation {
	enum wire_key_type key_type;
	unsigned bits; /* of the modulus, whatever was asked for; of one of the three curves */
	struct bytes id, label, public_label;
};
/* The same faults in the same order, and CKR_DOMAIN_PARAMS_INVALID, CKR_CURVE_NOT_SUPPORTED. */
CK_RV attribute_check_generation(const struct attribute_pair *pair, enum wire_key_type type,
				 struct attribute_generation *generation);

/* C_SetAttributeValue: the same faults in the same order (section 4.1.2); `label` and `id` get data
 * where the template changes them.
 */
CK_RV attribute_check_change(const struct object *object, const CK_ATTRIBUTE *template,
			     CK_ULONG count, struct bytes *label, struct bytes *id);
