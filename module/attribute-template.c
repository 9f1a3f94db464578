/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a template may say that makes or changes an object, by the rows of the table: see
 * attribute-template.h.
 */
#include <internal/cleanup.h>
#include "attribute.h"
#include "attribute-template.h"
#include "der.h"
#include "mechanism.h"

/* Whether the bytes can be a value of that form at all. */
static bool form_fits(const struct attribute_row *row, const CK_ATTRIBUTE *attribute)
{
	const CK_BYTE *data = attribute->pValue;

	switch ((enum form)row->form) {
	case FORM_BOOL:
		return attribute->ulValueLen == sizeof(CK_BBOOL) && data[0] <= 1;
	case FORM_ULONG:
		return attribute->ulValueLen == sizeof(CK_ULONG);
	case FORM_DATE:
		if (attribute->ulValueLen != 0 && attribute->ulValueLen != sizeof(CK_DATE))
			return false;
		for (size_t i = 0; i < attribute->ulValueLen; i++)
			if (data[i] < '0' || data[i] > '9')
				return false;
		return true;
	case FORM_MECHANISMS:
		return attribute->ulValueLen % sizeof(CK_MECHANISM_TYPE) == 0;
	case FORM_BYTES:
		break;
	}
	return !(row->rules & RULE_REQUIRED) || attribute->ulValueLen > 0;
}

/* Whether a list of mechanisms leaves out one that the token does: it can't forbid it to the
 * key. */
static bool list_restricts(const CK_ATTRIBUTE *attribute, enum kind kind)
{
	struct bytes own = mechanism_allowed(kind & KIND_RSA ? KEY_RSA : KEY_EC, true);
	size_t size = sizeof(CK_MECHANISM_TYPE), k;

	for (size_t i = 0; i < own.length; i += size) {
		for (k = 0; k < attribute->ulValueLen; k += size)
			if (memcmp(own.data + i, attribute_bytes(attribute).data + k, size) == 0)
				break;
		if (k >= attribute->ulValueLen)
			return true;
	}
	return false;
}

/* What can't be anything else: Cryptoki knows other values, this token doesn't. */
static bool constant_fits(const struct attribute_row *row, const CK_ATTRIBUTE *attribute,
			  enum kind kind)
{
	CK_ULONG number = 0, wanted = row->number;

	if (row->rules & (RULE_KEPT | RULE_HINT | RULE_NEVER))
		return true;
	if (row->source == SOURCE_OWN_RECORD)
		wanted = CK_TRUE;
	else if (row->source != SOURCE_CONSTANT)
		return true;
	switch ((enum form)row->form) {
	case FORM_BOOL:
		number = *(const CK_BBOOL *)attribute->pValue;
		break;
	case FORM_ULONG:
		return attribute_number(attribute, &number) && number == wanted;
	case FORM_MECHANISMS:
		return !list_restricts(attribute, kind);
	case FORM_BYTES:
	case FORM_DATE:
		number = attribute->ulValueLen;
		break;
	}
	return number == wanted;
}

/* As much as class and key type tell; what is missing is not a fault yet. */
static CK_RV find_kind(const CK_ATTRIBUTE *template, CK_ULONG count,
		       struct attribute_creation *creation, bool *whole)
{
	const CK_ATTRIBUTE *class = attribute_in(template, count, CKA_CLASS);
	const CK_ATTRIBUTE *type = attribute_in(template, count, CKA_KEY_TYPE);
	enum kind kinds;

	*creation = (struct attribute_creation){ .kind = KIND_ANY };
	*whole = false;
	if (!class)
		return CKR_OK;
	if (!attribute_class(class, &creation->class, &creation->kind))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	*whole = creation->class == OBJECT_CERTIFICATE;
	if (*whole || !type)
		return CKR_OK;
	if (!attribute_key_type(type, &creation->key_type, &kinds))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	creation->kind &= kinds;
	*whole = true;
	return CKR_OK;
}

/* A template, of what it is, and by which rules: of creation or of generation. */
struct checked {
	const CK_ATTRIBUTE *template;
	CK_ULONG count;
	enum kind kind;
	enum rule never, needed;
};

static const struct attribute_row *row_in(const struct checked *checked, CK_ULONG place)
{
	return attribute_row_of(checked->template[place].type, checked->kind);
}

static const CK_ATTRIBUTE *value_in(const struct checked *checked, CK_ATTRIBUTE_TYPE type)
{
	return attribute_in(checked->template, checked->count, type);
}

static CK_RV check_types(const struct checked *checked)
{
	for (CK_ULONG i = 0; i < checked->count; i++) {
		const struct attribute_row *row = row_in(checked, i);

		if (!row || row->rules & RULE_REFUSED)
			return CKR_ATTRIBUTE_TYPE_INVALID;
	}
	return CKR_OK;
}

static CK_RV check_values(const struct checked *checked)
{
	CK_RV rv = attribute_check_pointers(checked->template, checked->count);

	for (CK_ULONG i = 0; rv == CKR_OK && i < checked->count; i++) {
		const struct attribute_row *row = row_in(checked, i);
		const CK_ATTRIBUTE *attribute = &checked->template[i];

		if (!form_fits(row, attribute) ||
		    (row->rules & RULE_REQUIRED && !constant_fits(row, attribute, checked->kind)))
			return CKR_ATTRIBUTE_VALUE_INVALID;
	}
	return rv;
}

static CK_RV check_never(const struct checked *checked)
{
	for (CK_ULONG i = 0; i < checked->count; i++)
		if (row_in(checked, i)->rules & checked->never)
			return CKR_ATTRIBUTE_READ_ONLY;
	return CKR_OK;
}

static CK_RV check_needed(const struct checked *checked)
{
	for (size_t i = 0; i < attribute_row_count; i++)
		if (attribute_rows[i].kinds & checked->kind &&
		    attribute_rows[i].rules & checked->needed &&
		    !value_in(checked, attribute_rows[i].type))
			return CKR_TEMPLATE_INCOMPLETE;
	return CKR_OK;
}

/* Two values for one attribute. The same value twice counts as once (section 4.1.1, 6). */
static CK_RV check_doubles(const struct checked *checked)
{
	for (CK_ULONG i = 0; i < checked->count; i++)
		if (!bytes_equal(attribute_bytes(value_in(checked, checked->template[i].type)),
				 attribute_bytes(&checked->template[i])))
			return CKR_TEMPLATE_INCONSISTENT;
	return CKR_OK;
}

static CK_RV check_consistent(const struct checked *checked)
{
	/* CKA_TOKEN's default is false: an object of the session, which this token has not. */
	if (!value_in(checked, CKA_TOKEN))
		return CKR_TEMPLATE_INCONSISTENT;
	for (CK_ULONG i = 0; i < checked->count; i++)
		if (!constant_fits(row_in(checked, i), &checked->template[i], checked -> kind))
			return CKR_TEMPLATE_INCONSISTENT;
	return check_doubles(checked);
}

/* The faults that leave nothing to say of the later ones, in the order of section 4.1.1. */
static CK_RV (*const stages[])(const struct checked *checked) = {
	check_types, check_values, check_never, check_needed, check_consistent,
};

CK_RV attribute_check_creation(const CK_ATTRIBUTE *template, CK_ULONG count,
			       struct attribute_creation *creation)
{
	bool whole;
	CK_RV kind_rv = find_kind(template, count, creation, &whole);
	const struct checked checked = { template, count, creation->kind, RULE_NEVER,
					 RULE_REQUIRED };
	CK_RV rv = CKR_OK;

	for (size_t i = 0; rv == CKR_OK && i < ARRAY_SIZE(stages); i++) {
		rv = stages[i](&checked);
		if (rv == CKR_OK && stages[i] == check_types)
			rv = kind_rv;
		if (rv == CKR_OK && stages[i] == check_never && !whole)
			rv = CKR_TEMPLATE_INCOMPLETE;
	}
	return rv;
}

void attribute_put_creation(struct wire_frame *frame, const CK_ATTRIBUTE *template, CK_ULONG count,
			    enum kind kind)
{
	for (CK_ULONG i = 0; i < count; i++) {
		const struct attribute_row *row = attribute_row_of(template[i].type, kind);

		if (row && row->tag != 0 && template[i].ulValueLen > 0 &&
		    attribute_in(template, count, template[i].type) == &template[i])
			wire_put(frame, row->tag, template[i].pValue, template[i].ulValueLen);
	}
}

/* What the mechanism says may be said again (section 5.13, C_GenerateKeyPair). */
static CK_RV check_said(const struct checked *checked)
{
	const CK_ATTRIBUTE *class = value_in(checked, CKA_CLASS);
	const CK_ATTRIBUTE *type = value_in(checked, CKA_KEY_TYPE);
	enum kind kinds = KIND_ANY, key_kinds = KIND_ANY;
	enum wire_key_type key;
	enum wire_object said;

	if ((class && !attribute_class(class, &said, &kinds)) ||
	    (type && !attribute_key_type(type, &key, &key_kinds)))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	return checked->kind & kinds & key_kinds ? CKR_OK : CKR_TEMPLATE_INCONSISTENT;
}

/* Mechanisms 2.1.4: without an exponent the token chooses, and it knows one. */
static bool exponent_fits(const CK_ATTRIBUTE *exponent)
{
	static const uint8_t known[] = { 1, 0, 1 };
	struct bytes bytes = { known, sizeof(known) };

	if (exponent)
		bytes = attribute_bytes(exponent);
	while (bytes.length > 0 && bytes.data[0] == 0) {
		bytes.data++;
		bytes.length--;
	}
	return bytes_equal(bytes, (struct bytes){ known, sizeof(known) });
}

static CK_RV read_size(const struct checked *public, struct attribute_generation *generation)
{
	CK_ULONG number = 0;

	if (generation->key_type == KEY_EC) {
		if (!der_read_curve(attribute_bytes(value_in(public, CKA_EC_PARAMS)),
				    &generation->bits))
			return CKR_DOMAIN_PARAMS_INVALID;
		return generation->bits > 0 ? CKR_OK : CKR_CURVE_NOT_SUPPORTED;
	}
	(void)attribute_number(value_in(public, CKA_MODULUS_BITS), &number);
	generation->bits = number < UINT32_MAX ? (unsigned)number : 0;
	return exponent_fits(value_in(public, CKA_PUBLIC_EXPONENT)) ? CKR_OK
								    : CKR_ATTRIBUTE_VALUE_INVALID;
}

static struct bytes name_in(const struct checked *checked, CK_ATTRIBUTE_TYPE type)
{
	const CK_ATTRIBUTE *attribute = value_in(checked, type);

	return attribute ? attribute_bytes(attribute) : (struct bytes){ NULL, 0 };
}

/* Both keys have one id, and one label where one of them alone is given any. */
static CK_RV read_names(const struct checked *public, const struct checked *private,
			struct attribute_generation *generation)
{
	struct bytes public_id = name_in(public, CKA_ID);

	generation->id = name_in(private, CKA_ID);
	generation->label = name_in(private, CKA_LABEL);
	generation->public_label = name_in(public, CKA_LABEL);
	if (generation->label.length == 0)
		generation->label = generation->public_label;
	if (generation->id.length == 0)
		generation->id = public_id;
	return public_id.length == 0 || bytes_equal(public_id, generation->id)
		       ? CKR_OK
		       : CKR_TEMPLATE_INCONSISTENT;
}

CK_RV attribute_check_generation(const struct attribute_pair *pair, enum wire_key_type type,
				 struct attribute_generation *generation)
{
	enum kind kinds = type == KEY_RSA ? KIND_RSA : KIND_EC;
	const struct checked keys[] = {
		{ pair->public, pair->public_count, KIND_PUBLIC & kinds, RULE_NEVER_MADE,
		  RULE_NEEDED_MADE },
		{ pair->private, pair->private_count, KIND_PRIVATE & kinds, RULE_NEVER_MADE,
		  RULE_NEEDED_MADE },
	};
	CK_RV rv = CKR_OK;

	*generation = (struct attribute_generation){ .key_type = type };
	for (size_t i = 0; i < ARRAY_SIZE(stages); i++)
		for (size_t k = 0; rv == CKR_OK && k < ARRAY_SIZE(keys); k++)
			rv = stages[i](&keys[k]);
	for (size_t k = 0; rv == CKR_OK && k < ARRAY_SIZE(keys); k++)
		rv = check_said(&keys[k]);
	if (rv == CKR_OK)
		rv = read_size(&keys[0], generation);
	return rv == CKR_OK ? read_names(&keys[0], &keys[1], generation) : rv;
}

CK_RV attribute_check_change(const struct object *object, const CK_ATTRIBUTE *template,
			     CK_ULONG count, struct bytes *label, struct bytes *id)
{
	const struct checked checked = { template, count, attribute_kind(object), 0, 0 };
	CK_RV rv = check_types(&checked);

	*label = *id = (struct bytes){ NULL, 0 };
	if (rv == CKR_OK)
		rv = check_values(&checked);
	for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++) {
		const struct attribute_row *row = attribute_row_of(template[i].type, checked.kind);

		if (!(row->rules & RULE_CHANGE))
			return CKR_ATTRIBUTE_READ_ONLY;
		/* Neither can be empty: both name the object in URIs. */
		if (template[i].ulValueLen == 0)
			return CKR_ATTRIBUTE_VALUE_INVALID;
		*(row->tag == TAG_LABEL ? label : id) = attribute_bytes(&template[i]);
	}
	return rv == CKR_OK ? check_doubles(&checked) : rv;
}
