/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CK_ATTRIBUTE, read and filled by the rows of the table: see attribute.h. */
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

static enum kind kind_of(const struct object *object)
{
	enum kind kinds = word_of_class(object->class)->kinds;

	if (object->class == OBJECT_CERTIFICATE)
		return kinds;
	return kinds & word_of_key(object->credential->key_type)->kinds;
}

static const struct attribute_row *find_row(CK_ATTRIBUTE_TYPE type, enum kind kind)
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
		value->bytes = mechanism_allowed(object->credential->key_type);
		break;
	}
}

static struct bytes bytes_of(const CK_ATTRIBUTE *attribute)
{
	return (struct bytes){ attribute->pValue, attribute->ulValueLen };
}

static CK_RV read_one(const struct object *object, CK_ATTRIBUTE *attribute)
{
	const struct attribute_row *row = find_row(attribute->type, kind_of(object));
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
	enum kind kind = kind_of(object);
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

		if (kind_of(objects[i]) != kind) {
			kind = kind_of(objects[i]);
			row = find_row(wanted->type, kind);
		}
		if (!row || row->rules & RULE_SECRET)
			continue;
		get_value(row, objects[i], &value);
		if (bytes_equal(value.bytes, bytes_of(wanted)))
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

static const CK_ATTRIBUTE *find_in(const CK_ATTRIBUTE *template, CK_ULONG count,
				   CK_ATTRIBUTE_TYPE type)
{
	for (CK_ULONG i = 0; i < count; i++)
		if (template[i].type == type)
			return &template[i];
	return NULL;
}

static bool number_of(const CK_ATTRIBUTE *attribute, CK_ULONG *number)
{
	if (!attribute || attribute->ulValueLen != sizeof(*number) || !attribute->pValue)
		return false;
	memcpy(number, attribute->pValue, sizeof(*number));
	return true;
}

static const struct class_word *find_class(const CK_ATTRIBUTE *attribute)
{
	CK_ULONG word;

	for (size_t i = 0; number_of(attribute, &word) && i < ARRAY_SIZE(class_words); i++)
		if (class_words[i].word == word)
			return &class_words[i];
	return NULL;
}

bool attribute_allows_class(const CK_ATTRIBUTE *template, CK_ULONG count, enum wire_object class)
{
	const CK_ATTRIBUTE *attribute = find_in(template, count, CKA_CLASS);
	const struct class_word *word = find_class(attribute);

	return !attribute || (word && word->class == class);
}

size_t attribute_filter(const struct object **objects, size_t count, const CK_ATTRIBUTE *template,
			CK_ULONG template_count)
{
	const CK_ATTRIBUTE *attribute = find_in(template, template_count, CKA_CLASS);
	const struct class_word *word = find_class(attribute);

	/* The class first, in whatever place: it leaves objects of one or two kinds. */
	if (attribute)
		count = word ? filter_class(objects, count, word->class) : 0;
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
	struct bytes own = mechanism_allowed(kind & KIND_RSA ? KEY_RSA : KEY_EC);
	size_t size = sizeof(CK_MECHANISM_TYPE), k;

	for (size_t i = 0; i < own.length; i += size) {
		for (k = 0; k < attribute->ulValueLen; k += size)
			if (memcmp(own.data + i, bytes_of(attribute).data + k, size) == 0)
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
		return number_of(attribute, &number) && number == wanted;
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
	const CK_ATTRIBUTE *class = find_in(template, count, CKA_CLASS);
	const CK_ATTRIBUTE *type = find_in(template, count, CKA_KEY_TYPE);
	const struct class_word *word = find_class(class);
	CK_ULONG number;

	*creation = (struct attribute_creation){ .kind = KIND_ANY };
	*whole = false;
	if (!class)
		return CKR_OK;
	if (!word)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	*creation = (struct attribute_creation){ word->class, 0, word->kinds };
	*whole = word->class == OBJECT_CERTIFICATE;
	if (*whole || !type)
		return CKR_OK;
	for (size_t i = 0; number_of(type, &number) && i < ARRAY_SIZE(key_words); i++)
		if (key_words[i].word == number) {
			creation->key_type = key_words[i].type;
			creation->kind &= key_words[i].kinds;
			*whole = true;
			return CKR_OK;
		}
	return CKR_ATTRIBUTE_VALUE_INVALID;
}

static CK_RV check_types(const CK_ATTRIBUTE *template, CK_ULONG count, enum kind kind)
{
	for (CK_ULONG i = 0; i < count; i++) {
		const struct attribute_row *row = find_row(template[i].type, kind);

		if (!row || row->rules & RULE_REFUSED)
			return CKR_ATTRIBUTE_TYPE_INVALID;
	}
	return CKR_OK;
}

static CK_RV check_values(const CK_ATTRIBUTE *template, CK_ULONG count, enum kind kind)
{
	CK_RV rv = attribute_check_pointers(template, count);

	for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++) {
		const struct attribute_row *row = find_row(template[i].type, kind);

		if (!form_fits(row, &template[i]) ||
		    (row->rules & RULE_REQUIRED && !constant_fits(row, &template[i], kind)))
			return CKR_ATTRIBUTE_VALUE_INVALID;
	}
	return rv;
}

/* Two values for one attribute. The same value twice counts as once (section 4.1.1, 6). */
static CK_RV check_doubles(const CK_ATTRIBUTE *template, CK_ULONG count)
{
	for (CK_ULONG i = 0; i < count; i++)
		if (!bytes_equal(bytes_of(find_in(template, count, template[i].type)),
				 bytes_of(&template[i])))
			return CKR_TEMPLATE_INCONSISTENT;
	return CKR_OK;
}

static CK_RV check_whole(const CK_ATTRIBUTE *template, CK_ULONG count, enum kind kind)
{
	for (CK_ULONG i = 0; i < attribute_row_count; i++)
		if (attribute_rows[i].kinds & kind && attribute_rows[i].rules & RULE_REQUIRED &&
		    !find_in(template, count, attribute_rows[i].type))
			return CKR_TEMPLATE_INCOMPLETE;
	/* CKA_TOKEN's default is false: an object of the session, which this token has not. */
	if (!find_in(template, count, CKA_TOKEN))
		return CKR_TEMPLATE_INCONSISTENT;
	for (CK_ULONG i = 0; i < count; i++)
		if (!constant_fits(find_row(template[i].type, kind), &template[i], kind))
			return CKR_TEMPLATE_INCONSISTENT;
	return check_doubles(template, count);
}

CK_RV attribute_check_creation(const CK_ATTRIBUTE *template, CK_ULONG count,
			       struct attribute_creation *creation)
{
	bool whole;
	CK_RV kind_rv = find_kind(template, count, creation, &whole);
	CK_RV rv = check_types(template, count, creation->kind);

	if (rv == CKR_OK)
		rv = kind_rv;
	if (rv == CKR_OK)
		rv = check_values(template, count, creation->kind);
	for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++)
		if (find_row(template[i].type, creation->kind)->rules & RULE_NEVER)
			rv = CKR_ATTRIBUTE_READ_ONLY;
	if (rv == CKR_OK && !whole)
		rv = CKR_TEMPLATE_INCOMPLETE;
	return rv == CKR_OK ? check_whole(template, count, creation->kind) : rv;
}

void attribute_put_creation(struct wire_frame *frame, const CK_ATTRIBUTE *template, CK_ULONG count,
			    enum kind kind)
{
	for (CK_ULONG i = 0; i < count; i++) {
		const struct attribute_row *row = find_row(template[i].type, kind);

		if (row && row->tag != 0 && template[i].ulValueLen > 0 &&
		    find_in(template, count, template[i].type) == &template[i])
			wire_put(frame, row->tag, template[i].pValue, template[i].ulValueLen);
	}
}

CK_RV attribute_check_change(const struct object *object, const CK_ATTRIBUTE *template,
			     CK_ULONG count, struct bytes *label, struct bytes *id)
{
	enum kind kind = kind_of(object);
	CK_RV rv = check_types(template, count, kind);

	*label = *id = (struct bytes){ NULL, 0 };
	if (rv == CKR_OK)
		rv = check_values(template, count, kind);
	for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++) {
		const struct attribute_row *row = find_row(template[i].type, kind);

		if (!(row->rules & RULE_CHANGE))
			return CKR_ATTRIBUTE_READ_ONLY;
		/* Neither can be empty: both name the object in URIs. */
		if (template[i].ulValueLen == 0)
			return CKR_ATTRIBUTE_VALUE_INVALID;
		*(row->tag == TAG_LABEL ? label : id) = bytes_of(&template[i]);
	}
	return rv == CKR_OK ? check_doubles(template, count) : rv;
}
