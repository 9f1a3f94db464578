/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CK_ATTRIBUTE, read and filled by the rows of the table: see attribute.h. What a template may say
 * that makes or changes an object is in attribute-template.c.
 */
#include <internal/cleanup.h>
#include "attribute.h"
#include "mechanism.h"

/* Classes and key types: Cryptoki's word, ours, and the kind of row. */
static const struct class_word {
	CK_OBJECT_CLASS word;
	enum wire_object class;
	enum kind kinds;
} class_words[] = {
	{ CKO_CERTIFICATE, OBJECT_CERTIFICATE, KIND_CERTIFICATE },
	{ CKO_PRIVATE_KEY, OBJECT_PRIVATE_KEY, KIND_PRIVATE },
	{ CKO_PUBLIC_KEY, OBJECT_PUBLIC_KEY, KIND_PUBLIC },
};

static const struct key_word {
	CK_KEY_TYPE word;
	enum wire_key_type type;
	enum kind kinds;
} key_words[] = {
	{ CKK_RSA, KEY_RSA, KIND_RSA },
	{ CKK_EC, KEY_EC, KIND_EC },
};

/* A value, and room for one that is made on the spot. */
struct value {
	struct bytes bytes;
	CK_BBOOL boolean;
	CK_ULONG number;
};

static const struct class_word *word_of_class(enum wire_object class)
{
	return &class_words[class - OBJECT_CERTIFICATE];
}

static const struct key_word *word_of_key(enum wire_key_type type)
{
	return &key_words[type - KEY_RSA];
}

enum kind attribute_kind(const struct object *object)
{
	enum kind kinds = word_of_class(object->class)->kinds;

	if (object->class == OBJECT_CERTIFICATE)
		return kinds;
	return kinds & word_of_key(object->credential->key_type)->kinds;
}

const struct attribute_row *attribute_row_of(CK_ATTRIBUTE_TYPE type, enum kind kind)
{
	for (size_t i = 0; i < attribute_row_count; i++)
		if (attribute_rows[i].type == type && attribute_rows[i].kinds & kind)
			return &attribute_rows[i];
	return NULL;
}

static CK_ULONG compute(const struct attribute_row *row, const struct object *object)
{
	const struct credential *credential = object->credential;

	switch ((enum source)row->source) {
	case SOURCE_CLASS:
		return word_of_class(object->class)->word;
	case SOURCE_KEY_TYPE:
		return word_of_key(credential->key_type)->word;
	case SOURCE_MODULUS_BITS:
		return credential->key_bits;
	case SOURCE_CATEGORY: /* authority; token user: its key is here; other entity */
		return credential->ca ? 2 : credential->has_key ? 1 : 3;
	case SOURCE_OWN_RECORD:
		return !credential_is_chain(credential);
	case SOURCE_LOCAL:
		return credential->local;
	case SOURCE_GENERATION:
		return credential->local ? mechanism_of_generation(credential->key_type)
					 : CK_UNAVAILABLE_INFORMATION;
	case SOURCE_CONSTANT:
		break;
	}
	return row->number;
}

static void get_value(const struct attribute_row *row, const struct object *object,
		      struct value *value)
{
	value->bytes = (struct bytes){ NULL, 0 };
	switch ((enum form)row->form) {
	case FORM_BYTES:
	case FORM_DATE:
		value->bytes = object->credential->fields[row->field];
		break;
	case FORM_BOOL:
		value->boolean = compute(row, object) ? CK_TRUE : CK_FALSE;
		value->bytes = (struct bytes){ &value->boolean, sizeof(value->boolean) };
		break;
	case FORM_ULONG:
		value->number = compute(row, object);
		value->bytes = (struct bytes){ (uint8_t *)&value->number, sizeof(value->number) };
		break;
	case FORM_MECHANISMS:
		value->bytes = mechanism_allowed(object->credential->key_type,
						 !object->credential->no_pss);
		break;
	}
}

static CK_RV read_one(const struct object *object, CK_ATTRIBUTE *attribute)
{
	const struct attribute_row *row = attribute_row_of(attribute->type, attribute_kind(object));
	CK_ULONG room = attribute->ulValueLen;
	struct value value = { 0 };

	attribute->ulValueLen = CK_UNAVAILABLE_INFORMATION;
	if (!row)
		return CKR_ATTRIBUTE_TYPE_INVALID;
	if (row->rules & RULE_SECRET)
		return CKR_ATTRIBUTE_SENSITIVE;
	get_value(row, object, &value);
	if (attribute->pValue && room < value.bytes.length)
		return CKR_BUFFER_TOO_SMALL;
	attribute->ulValueLen = value.bytes.length;
	if (attribute->pValue && value.bytes.length > 0)
		memcpy(attribute->pValue, value.bytes.data, value.bytes.length);
	return CKR_OK;
}

CK_RV attribute_read(const struct object *object, CK_ATTRIBUTE *template, CK_ULONG count)
{
	CK_RV rv = CKR_OK;

	for (CK_ULONG i = 0; i < count; i++) {
		CK_RV one = read_one(object, &template[i]);

		if (one != CKR_OK && rv != CKR_ATTRIBUTE_SENSITIVE &&
		    (rv == CKR_OK || one != CKR_BUFFER_TOO_SMALL))
			rv = one;
	}
	return rv;
}

CK_ULONG attribute_size(const struct object *object)
{
	enum kind kind = attribute_kind(object);
	CK_ULONG size = 0;

	for (size_t i = 0; i < attribute_row_count; i++) {
		struct value value = { 0 };

		if (!(attribute_rows[i].kinds & kind) || attribute_rows[i].rules & RULE_SECRET)
			continue;
		get_value(&attribute_rows[i], object, &value);
		size += value.bytes.length;
	}
	return size;
}

/* Rows are looked up once for each kind, not for each object. */
static size_t filter_one(const struct object **objects, size_t count, const CK_ATTRIBUTE *wanted)
{
	const struct attribute_row *row = NULL;
	enum kind kind = 0;
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		struct value value = { 0 };

		if (attribute_kind(objects[i]) != kind) {
			kind = attribute_kind(objects[i]);
			row = attribute_row_of(wanted->type, kind);
		}
		if (!row || row->rules & RULE_SECRET)
			continue;
		get_value(row, objects[i], &value);
		if (bytes_equal(value.bytes, attribute_bytes(wanted)))
			objects[kept++] = objects[i];
	}
	return kept;
}

static size_t filter_class(const struct object **objects, size_t count, enum wire_object class)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (objects[i]->class == class)
			objects[kept++] = objects[i];
	return kept;
}

const CK_ATTRIBUTE *attribute_in(const CK_ATTRIBUTE *template, CK_ULONG count,
				 CK_ATTRIBUTE_TYPE type)
{
	for (CK_ULONG i = 0; i < count; i++)
		if (template[i].type == type)
			return &template[i];
	return NULL;
}

bool attribute_number(const CK_ATTRIBUTE *attribute, CK_ULONG *number)
{
	if (!attribute || attribute->ulValueLen != sizeof(*number) || !attribute->pValue)
		return false;
	memcpy(number, attribute->pValue, sizeof(*number));
	return true;
}

bool attribute_class(const CK_ATTRIBUTE *attribute, enum wire_object *class, enum kind *kinds)
{
	CK_ULONG word;

	for (size_t i = 0; attribute_number(attribute, &word) && i < ARRAY_SIZE(class_words); i++)
		if (class_words[i].word == word) {
			*class = class_words[i].class;
			*kinds = class_words[i].kinds;
			return true;
		}
	return false;
}

bool attribute_key_type(const CK_ATTRIBUTE *attribute, enum wire_key_type *type, enum kind *kinds)
{
	CK_ULONG word;

	for (size_t i = 0; attribute_number(attribute, &word) && i < ARRAY_SIZE(key_words); i++)
		if (key_words[i].word == word) {
			*type = key_words[i].type;
			*kinds = key_words[i].kinds;
			return true;
		}
	return false;
}

bool attribute_allows_class(const CK_ATTRIBUTE *template, CK_ULONG count, enum wire_object class)
{
	const CK_ATTRIBUTE *attribute = attribute_in(template, count, CKA_CLASS);
	enum wire_object wanted;
	enum kind kinds;

	return !attribute || (attribute_class(attribute, &wanted, &kinds) && wanted == class);
}

size_t attribute_filter(const struct object **objects, size_t count, const CK_ATTRIBUTE *template,
			CK_ULONG template_count)
{
	const CK_ATTRIBUTE *attribute = attribute_in(template, template_count, CKA_CLASS);
	enum wire_object class;
	enum kind kinds;

	/* The class first, in whatever place: it leaves objects of one or two kinds. */
	if (attribute)
		count = attribute_class(attribute, &class, &kinds)
				? filter_class(objects, count, class)
				: 0;
	for (CK_ULONG i = 0; i < template_count && count > 0; i++)
		if (&template[i] != attribute)
			count = filter_one(objects, count, &template[i]);
	return count;
}

CK_RV attribute_check_pointers(const CK_ATTRIBUTE *template, CK_ULONG count)
{
	for (CK_ULONG i = 0; i < count; i++)
		if (template[i].ulValueLen > 0 &&
		    (!template[i].pValue || template[i].ulValueLen > INT32_MAX))
			return CKR_ATTRIBUTE_VALUE_INVALID;
	return CKR_OK;
}
