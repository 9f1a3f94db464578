/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* C_CreateObject, C_DestroyObject, C_SetAttributeValue, C_CopyObject: templates and their faults,
 * what goes to the agent, and what its refusals become.
 */
#include <stdlib.h>
#include <string.h>
#include "support.h"

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define NEW_NAME	    "00000000000000aa"

static CK_OBJECT_CLASS certificate_class = CKO_CERTIFICATE, private_class = CKO_PRIVATE_KEY,
		       public_class = CKO_PUBLIC_KEY, data_class = CKO_DATA;
static CK_CERTIFICATE_TYPE x509 = CKC_X_509, wtls = CKC_WTLS;
static CK_KEY_TYPE rsa = CKK_RSA, ec = CKK_EC, aes = CKK_AES;
static CK_BBOOL yes = CK_TRUE, no = CK_FALSE, neither = 2;
static CK_ULONG number = 5, one_mechanism = CKM_RSA_PKCS;
static uint8_t bytes[256] = { 0x30, 1 };
static char date[] = "2026112x";

#define CLASS(class)                             \
	{                                        \
		CKA_CLASS, &class, sizeof(class) \
	}
#define TYPE(type)                                \
	{                                         \
		CKA_KEY_TYPE, &type, sizeof(type) \
	}
#define X509                                              \
	{                                                 \
		CKA_CERTIFICATE_TYPE, &x509, sizeof(x509) \
	}
#define TOKEN                      \
	{                          \
		CKA_TOKEN, &yes, 1 \
	}
#define VALUE                         \
	{                             \
		CKA_VALUE, bytes, 100 \
	}
#define BOOLEAN(type, value)    \
	{                       \
		type, &value, 1 \
	}
#define NUMBER(type, length)        \
	{                           \
		type, bytes, length \
	}
#define RSA_KEY                                                                                  \
	CLASS(private_class), TYPE(rsa), TOKEN, NUMBER(CKA_MODULUS, 256),                        \
		NUMBER(CKA_PUBLIC_EXPONENT, 3), NUMBER(CKA_PRIVATE_EXPONENT, 256),               \
		NUMBER(CKA_PRIME_1, 128), NUMBER(CKA_PRIME_2, 128), NUMBER(CKA_EXPONENT_1, 128), \
		NUMBER(CKA_EXPONENT_2, 128), NUMBER(CKA_COEFFICIENT, 128)
#define RSA_KEY_LENGTH 11

static const struct fault {
	CK_RV rv;
	CK_ATTRIBUTE template[13];
} faults[] = {
	{ CKR_TEMPLATE_INCOMPLETE, { TOKEN } },
	{ CKR_TEMPLATE_INCOMPLETE, { X509, TOKEN, VALUE } },
	{ CKR_ATTRIBUTE_VALUE_INVALID, { CLASS(data_class), TOKEN } },
	{ CKR_ATTRIBUTE_VALUE_INVALID, { { CKA_CLASS, &certificate_class, 4 }, TOKEN } },
	{ CKR_ATTRIBUTE_VALUE_INVALID, { { CKA_CLASS, NULL, 8 }, TOKEN } },
	/* certificates */
	{ CKR_TEMPLATE_INCOMPLETE, { CLASS(certificate_class), X509, TOKEN } },
	{ CKR_TEMPLATE_INCOMPLETE, { CLASS(certificate_class), TOKEN, VALUE } },
	{ CKR_TEMPLATE_INCONSISTENT, { CLASS(certificate_class), X509, VALUE } },
	{ CKR_TEMPLATE_INCONSISTENT,
	  { CLASS(certificate_class), X509, VALUE, BOOLEAN(CKA_TOKEN, no) } },
	{ CKR_TEMPLATE_INCONSISTENT,
	  { CLASS(certificate_class), X509, VALUE, TOKEN, BOOLEAN(CKA_PRIVATE, yes) } },
	{ CKR_TEMPLATE_INCONSISTENT,
	  { CLASS(certificate_class), X509, VALUE, TOKEN, BOOLEAN(CKA_TRUSTED, yes) } },
	{ CKR_TEMPLATE_INCONSISTENT,
	  { CLASS(certificate_class), X509, VALUE, TOKEN, NUMBER(CKA_URL, 9) } },
	{ CKR_TEMPLATE_INCONSISTENT,
	  { CLASS(certificate_class), X509, VALUE, TOKEN, NUMBER(CKA_ID, 4), NUMBER(CKA_ID, 5) } },
	{ CKR_TEMPLATE_INCONSISTENT,
	  { CLASS(certificate_class), X509, VALUE, TOKEN, BOOLEAN(CKA_MODIFIABLE, no) } },
	{ CKR_TEMPLATE_INCONSISTENT,
	  { CLASS(certificate_class), X509, VALUE, TOKEN, BOOLEAN(CKA_DESTROYABLE, no) } },
	{ CKR_ATTRIBUTE_VALUE_INVALID,
	  { CLASS(certificate_class), { CKA_CERTIFICATE_TYPE, &wtls, 8 }, VALUE, TOKEN } },
	{ CKR_ATTRIBUTE_VALUE_INVALID,
	  { CLASS(certificate_class), X509, { CKA_VALUE, bytes, 0 }, TOKEN } },
	{ CKR_ATTRIBUTE_VALUE_INVALID,
	  { CLASS(certificate_class), X509, VALUE, { CKA_TOKEN, &neither, 1 } } },
	{ CKR_ATTRIBUTE_VALUE_INVALID,
	  { CLASS(certificate_class), X509, VALUE, { CKA_TOKEN, &number, 8 } } },
	{ CKR_ATTRIBUTE_VALUE_INVALID,
	  { CLASS(certificate_class), X509, VALUE, TOKEN, { CKA_START_DATE, date, 8 } } },
	{ CKR_ATTRIBUTE_VALUE_INVALID,
	  { CLASS(certificate_class), X509, VALUE, TOKEN, { CKA_END_DATE, date, 4 } } },
	{ CKR_ATTRIBUTE_TYPE_INVALID,
	  { CLASS(certificate_class), X509, VALUE, TOKEN, BOOLEAN(CKA_SIGN, yes) } },
	{ CKR_ATTRIBUTE_TYPE_INVALID,
	  { CLASS(certificate_class), X509, VALUE, TOKEN, NUMBER(CKA_VENDOR_DEFINED + 1, 1) } },
	/* keys */
	{ CKR_TEMPLATE_INCOMPLETE, { CLASS(private_class), TOKEN } },
	{ CKR_ATTRIBUTE_VALUE_INVALID, { CLASS(private_class), TYPE(aes), TOKEN } },
	{ CKR_TEMPLATE_INCOMPLETE,
	  { CLASS(private_class), TYPE(rsa), TOKEN, NUMBER(CKA_MODULUS, 256) } },
	{ CKR_TEMPLATE_INCOMPLETE, /* enough for RSA, but not for this token */
	  { CLASS(private_class), TYPE(rsa), TOKEN, NUMBER(CKA_MODULUS, 256),
	    NUMBER(CKA_PUBLIC_EXPONENT, 3), NUMBER(CKA_PRIVATE_EXPONENT, 256) } },
	{ CKR_TEMPLATE_INCOMPLETE,
	  { CLASS(private_class), TYPE(ec), TOKEN, NUMBER(CKA_EC_PARAMS, 10) } },
	{ CKR_TEMPLATE_INCOMPLETE,
	  { CLASS(public_class), TYPE(ec), TOKEN, NUMBER(CKA_EC_PARAMS, 10) } },
	{ CKR_ATTRIBUTE_TYPE_INVALID, { RSA_KEY, NUMBER(CKA_EC_PARAMS, 9) } },
	{ CKR_ATTRIBUTE_READ_ONLY, { RSA_KEY, BOOLEAN(CKA_LOCAL, no) } },
	{ CKR_ATTRIBUTE_READ_ONLY, { RSA_KEY, BOOLEAN(CKA_ALWAYS_SENSITIVE, yes) } },
	{ CKR_TEMPLATE_INCONSISTENT, { RSA_KEY, BOOLEAN(CKA_SENSITIVE, no) } },
	{ CKR_TEMPLATE_INCONSISTENT, { RSA_KEY, BOOLEAN(CKA_EXTRACTABLE, yes) } },
	{ CKR_TEMPLATE_INCONSISTENT, { RSA_KEY, BOOLEAN(CKA_ALWAYS_AUTHENTICATE, yes) } },
	{ CKR_TEMPLATE_INCONSISTENT, { RSA_KEY, BOOLEAN(CKA_WRAP_WITH_TRUSTED, yes) } },
	{ CKR_TEMPLATE_INCONSISTENT, { RSA_KEY, NUMBER(CKA_UNWRAP_TEMPLATE, 24) } },
	{ CKR_TEMPLATE_INCONSISTENT, { RSA_KEY, { CKA_ALLOWED_MECHANISMS, &one_mechanism, 8 } } },
	{ CKR_ATTRIBUTE_VALUE_INVALID, { RSA_KEY, { CKA_ALLOWED_MECHANISMS, &one_mechanism, 7 } } },
	{ CKR_ATTRIBUTE_TYPE_INVALID, { RSA_KEY, NUMBER(CKA_PUBLIC_KEY_INFO, 80) } },
	/* several faults: the earliest of section 4.1.1 */
	{ CKR_ATTRIBUTE_TYPE_INVALID, { NUMBER(CKA_VENDOR_DEFINED + 1, 1) } },
	{ CKR_ATTRIBUTE_TYPE_INVALID, { CLASS(private_class), BOOLEAN(CKA_URL, yes), TOKEN } },
	{ CKR_ATTRIBUTE_TYPE_INVALID, { CLASS(data_class), { CKA_VENDOR_DEFINED, NULL, 4 } } },
	{ CKR_ATTRIBUTE_VALUE_INVALID, { CLASS(private_class), { CKA_TOKEN, &neither, 1 } } },
	{ CKR_ATTRIBUTE_READ_ONLY, { CLASS(private_class), BOOLEAN(CKA_LOCAL, no) } },
	{ CKR_ATTRIBUTE_TYPE_INVALID,
	  { CLASS(certificate_class), BOOLEAN(CKA_SIGN, yes), { CKA_TOKEN, &neither, 1 } } },
	{ CKR_ATTRIBUTE_VALUE_INVALID,
	  { CLASS(private_class), TYPE(rsa), BOOLEAN(CKA_LOCAL, no), { CKA_TOKEN, &neither, 1 } } },
	{ CKR_ATTRIBUTE_READ_ONLY, { CLASS(private_class), TYPE(rsa), BOOLEAN(CKA_LOCAL, no) } },
	{ CKR_TEMPLATE_INCOMPLETE,
	  { CLASS(private_class), TYPE(rsa), BOOLEAN(CKA_SENSITIVE, no) } },
};

static CK_ULONG length_of(const CK_ATTRIBUTE *template)
{
	CK_ULONG count = 0;

	/* CKA_CLASS is 0, but never without a length */
	while (count < 13 && (template[count].type || template[count].ulValueLen))
		count++;
	return count;
}

static void test_template_faults(void **state)
{
	struct fake_agent *agent = agent_start(SCOPE_USER);
	CK_SESSION_HANDLE session = open_session(0, CKF_RW_SESSION);
	CK_OBJECT_HANDLE object;

	for (size_t i = 0; i < ARRAY_LENGTH(faults); i++) {
		CK_ATTRIBUTE *template = (CK_ATTRIBUTE *)faults[i].template;
		CK_RV rv = p11->C_CreateObject(session, template, length_of(template), &object);

		if (rv != faults[i].rv)
			print_error("row %zu\n", i);
		assert_int_equal(rv, faults[i].rv);
	}
	assert_int_equal(p11->C_CreateObject(session, NULL, 1, &object), CKR_ARGUMENTS_BAD);
	assert_int_equal(p11->C_CreateObject(session, NULL, 0, &object), CKR_ARGUMENTS_BAD);
	assert_int_equal(p11->C_CreateObject(999, NULL, 0, &object), CKR_SESSION_HANDLE_INVALID);
	assert_int_equal(agent->changes, 0);
	assert_int_equal(agent->connections, 0);
}

static const struct wire_frame *change_of(struct fake_agent *agent)
{
	static struct wire_frame frame;

	frame = (struct wire_frame){ { agent->change, agent->change_length, agent->change_length },
				     DEVID_OK };
	assert_int_equal(wire_validate(&frame), DEVID_OK);
	return &frame;
}

static void assert_field(const struct wire_frame *frame, enum wire_tag tag, const void *data,
			 size_t length)
{
	struct wire_field field;

	assert_true(wire_get(frame, tag, &field));
	assert_int_equal(field.length, length);
	assert_memory_equal(field.data, data, length);
}

static void assert_number(const struct wire_frame *frame, enum wire_tag tag, uint32_t wanted)
{
	uint32_t value;

	assert_true(wire_get_u32(frame, tag, &value));
	assert_int_equal(value, wanted);
}

static void test_create_certificate(void **state)
{
	struct fake_agent *agent = agent_start(SCOPE_USER);
	CK_SESSION_HANDLE session = open_session(0, CKF_RW_SESSION), reading = open_session(0, 0);
	size_t length;
	uint8_t *der = pki_certificate("p256", &length);
	CK_ATTRIBUTE template[] = {
		CLASS(certificate_class),
		X509,
		TOKEN,
		{ CKA_VALUE, der, length },
		{ CKA_LABEL, (char *)"written", 7 },
		{ CKA_ID, (char *)"\1\2", 2 },
		BOOLEAN(CKA_PRIVATE, no),
		BOOLEAN(CKA_MODIFIABLE, yes),
		{ CKA_SUBJECT, bytes, 9 },
		{ CKA_CERTIFICATE_CATEGORY, &number, sizeof(number) },
		{ CKA_ID, (char *)"\1\2", 2 }, /* again: counts as once */
	};
	CK_OBJECT_HANDLE object = 0;
	struct wire_field field;

	strcpy(agent->new_name, NEW_NAME);
	assert_int_equal(p11->C_CreateObject(reading, template, ARRAY_LENGTH(template), &object),
			 CKR_SESSION_READ_ONLY);
	assert_int_equal(p11->C_CreateObject(session, template, ARRAY_LENGTH(template), NULL),
			 CKR_ARGUMENTS_BAD);
	/* The agent says that it is written, and it isn't there. */
	assert_int_equal(p11->C_CreateObject(session, template, ARRAY_LENGTH(template), &object),
			 CKR_FUNCTION_FAILED);
	write_record(SCOPE_USER, &(struct test_record){ .name = NEW_NAME,
							.pki = "p256",
							.label = "written",
							.store = "none" });
	assert_int_equal(p11->C_CreateObject(session, template, ARRAY_LENGTH(template), &object),
			 CKR_OK);
	assert_int_equal(object, find_one(session, CKO_CERTIFICATE, "written"));
	assert_int_equal(wire_type(change_of(agent)), WIRE_WRITE);
	assert_number(change_of(agent), TAG_OBJECT, OBJECT_CERTIFICATE);
	assert_field(change_of(agent), TAG_CERTIFICATE, der, length);
	assert_field(change_of(agent), TAG_LABEL, "written", 7);
	assert_true(wire_get(change_of(agent), TAG_ID, &field));
	assert_int_equal(field.length, 2);
	assert_memory_equal(field.data, "\1\2", 2);
	assert_false(wire_next(change_of(agent), &field));
	assert_false(wire_get(change_of(agent), TAG_KEY_TYPE, &field));
	free(der);
}

static void test_create_keys(void **state)
{
	struct fake_agent *agent = agent_start(SCOPE_USER);
	CK_SESSION_HANDLE session = open_session(0, CKF_RW_SESSION);
	CK_ATTRIBUTE rsa_key[] = {
		RSA_KEY,
		BOOLEAN(CKA_PRIVATE, yes),
		BOOLEAN(CKA_SENSITIVE, yes),
		BOOLEAN(CKA_EXTRACTABLE, no),
		BOOLEAN(CKA_SIGN, yes),
		BOOLEAN(CKA_DECRYPT, yes),
		BOOLEAN(CKA_UNWRAP, yes),
	};
	CK_ATTRIBUTE ec_key[] = { CLASS(private_class), TYPE(ec), TOKEN, NUMBER(CKA_EC_PARAMS, 10),
				  NUMBER(CKA_VALUE, 32) };
	CK_ATTRIBUTE ec_public[] = { CLASS(public_class),
				     TYPE(ec),
				     TOKEN,
				     NUMBER(CKA_EC_PARAMS, 10),
				     NUMBER(CKA_EC_POINT, 67),
				     BOOLEAN(CKA_VERIFY, yes) };
	CK_OBJECT_HANDLE object;

	strcpy(agent->new_name, NEW_NAME);
	write_record(SCOPE_USER,
		     &(struct test_record){ .name = NEW_NAME, .pki = "rsa2048", .no_leaf = true });
	assert_int_equal(p11->C_CreateObject(session, rsa_key, ARRAY_LENGTH(rsa_key), &object),
			 CKR_OK);
	assert_int_equal(object, find_one(session, CKO_PRIVATE_KEY, "rsa2048"));
	assert_number(change_of(agent), TAG_OBJECT, OBJECT_PRIVATE_KEY);
	assert_number(change_of(agent), TAG_KEY_TYPE, KEY_RSA);
	assert_field(change_of(agent), TAG_RSA_MODULUS, bytes, 256);
	assert_field(change_of(agent), TAG_RSA_PUBLIC_EXPONENT, bytes, 3);
	assert_field(change_of(agent), TAG_RSA_PRIVATE_EXPONENT, bytes, 256);
	for (enum wire_tag tag = TAG_RSA_PRIME_1; tag <= TAG_RSA_COEFFICIENT; tag++)
		assert_field(change_of(agent), tag, bytes, 128);

	assert_int_equal(p11->C_CreateObject(session, ec_key, ARRAY_LENGTH(ec_key), &object),
			 CKR_OK);
	assert_number(change_of(agent), TAG_KEY_TYPE, KEY_EC);
	assert_field(change_of(agent), TAG_EC_PARAMS, bytes, 10);
	assert_field(change_of(agent), TAG_EC_VALUE, bytes, 32);
	assert_int_equal(p11->C_CreateObject(session, ec_public, ARRAY_LENGTH(ec_public), &object),
			 CKR_OK);
	assert_number(change_of(agent), TAG_OBJECT, OBJECT_PUBLIC_KEY);
	assert_field(change_of(agent), TAG_EC_POINT, bytes, 67);
	assert_int_equal(object, find_one(session, CKO_PUBLIC_KEY, "rsa2048"));
}

static void test_refusals(void **state)
{
	static const struct {
		enum devid_result result;
		CK_RV rv;
	} rows[] = {
		{ DEVID_STORE_MISSING, CKR_TOKEN_WRITE_PROTECTED },
		{ DEVID_DENIED, CKR_TOKEN_WRITE_PROTECTED },
		{ DEVID_TOO_LARGE, CKR_ATTRIBUTE_VALUE_INVALID },
		{ DEVID_EXISTS, CKR_ATTRIBUTE_VALUE_INVALID },
		{ DEVID_BAD_DATA, CKR_ATTRIBUTE_VALUE_INVALID },
		{ DEVID_UNSUPPORTED, CKR_ATTRIBUTE_VALUE_INVALID },
		{ DEVID_MISMATCH, CKR_TEMPLATE_INCONSISTENT },
		{ DEVID_STORE_DISMISSED, CKR_FUNCTION_CANCELED },
		{ DEVID_STORE_LOCKED, CKR_DEVICE_ERROR },
		{ DEVID_STORE_TIMEOUT, CKR_DEVICE_ERROR },
		{ DEVID_IO, CKR_DEVICE_ERROR },
		{ DEVID_ACCOUNT_BROKEN, CKR_FUNCTION_FAILED },
	};
	struct fake_agent *agent = agent_start(SCOPE_USER);
	CK_SESSION_HANDLE session = open_session(0, CKF_RW_SESSION);
	CK_ATTRIBUTE template[] = { RSA_KEY };
	CK_OBJECT_HANDLE object;

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		agent->answer = rows[i].result;
		assert_int_equal(p11->C_CreateObject(session, template, RSA_KEY_LENGTH, &object),
				 rows[i].rv);
	}
	/* An answer without a name. */
	agent->answer = DEVID_OK;
	agent->new_name[0] = '\0';
	assert_int_equal(p11->C_CreateObject(session, template, RSA_KEY_LENGTH, &object),
			 CKR_ATTRIBUTE_VALUE_INVALID);
	agent_stop(agent);
	assert_int_equal(p11->C_CreateObject(session, template, RSA_KEY_LENGTH, &object),
			 CKR_DEVICE_ERROR);
}

static void test_destroy(void **state)
{
	struct fake_agent *agent = agent_start(SCOPE_USER);
	CK_SESSION_HANDLE session, reading;
	CK_OBJECT_HANDLE key, certificate;

	write_record(SCOPE_USER, &(struct test_record){
					 .name = NEW_NAME, .pki = "rsa2048", .chain = { "root" } });
	session = open_session(0, CKF_RW_SESSION);
	reading = open_session(0, 0);
	key = find_one(session, CKO_PRIVATE_KEY, "rsa2048");
	certificate = find_one(session, CKO_CERTIFICATE, "rsa2048");
	assert_int_equal(p11->C_DestroyObject(reading, key), CKR_SESSION_READ_ONLY);
	assert_int_equal(p11->C_DestroyObject(session, 99999), CKR_OBJECT_HANDLE_INVALID);
	assert_int_equal(p11->C_DestroyObject(999, key), CKR_SESSION_HANDLE_INVALID);
	assert_int_equal(
		p11->C_DestroyObject(session, find_one(session, CKO_PUBLIC_KEY, "rsa2048")),
		CKR_ACTION_PROHIBITED);
	assert_int_equal(p11->C_DestroyObject(session, find_one(session, CKO_CERTIFICATE, "root")),
			 CKR_ACTION_PROHIBITED);
	assert_int_equal(agent->changes, 0);

	assert_int_equal(p11->C_DestroyObject(session, key), CKR_OK);
	assert_int_equal(wire_type(change_of(agent)), WIRE_REMOVE);
	assert_number(change_of(agent), TAG_OBJECT, OBJECT_PRIVATE_KEY);
	assert_field(change_of(agent), TAG_NAME, NEW_NAME, 16);
	assert_int_equal(p11->C_DestroyObject(session, certificate), CKR_OK);
	assert_number(change_of(agent), TAG_OBJECT, OBJECT_CERTIFICATE);
	agent->answer = DEVID_NOT_FOUND;
	assert_int_equal(p11->C_DestroyObject(session, key), CKR_OBJECT_HANDLE_INVALID);
	agent->answer = DEVID_DENIED;
	assert_int_equal(p11->C_DestroyObject(session, key), CKR_TOKEN_WRITE_PROTECTED);
}

static void test_change(void **state)
{
	struct fake_agent *agent = agent_start(SCOPE_USER);
	CK_SESSION_HANDLE session, reading;
	CK_OBJECT_HANDLE key, chain;
	CK_ATTRIBUTE label = { CKA_LABEL, (char *)"new", 3 }, id = { CKA_ID, (char *)"\7", 1 },
		     empty = { CKA_LABEL, (char *)"", 0 }, sign = BOOLEAN(CKA_SIGN, yes),
		     unknown = { CKA_URL, (char *)"x", 1 }, sensitive = BOOLEAN(CKA_SENSITIVE, no),
		     both[] = { label, id }, twice[] = { id, id },
		     two_values[] = { label, { CKA_LABEL, (char *)"old", 3 } },
		     two_faults[] = { sign, unknown };
	struct wire_field field;

	write_record(SCOPE_USER, &(struct test_record){
					 .name = NEW_NAME, .pki = "rsa2048", .chain = { "root" } });
	session = open_session(0, CKF_RW_SESSION);
	reading = open_session(0, 0);
	key = find_one(session, CKO_PRIVATE_KEY, "rsa2048");
	chain = find_one(session, CKO_CERTIFICATE, "root");
	assert_int_equal(p11->C_SetAttributeValue(reading, key, &label, 1), CKR_SESSION_READ_ONLY);
	assert_int_equal(p11->C_SetAttributeValue(999, key, &label, 1), CKR_SESSION_HANDLE_INVALID);
	assert_int_equal(p11->C_SetAttributeValue(session, 9999, &label, 1),
			 CKR_OBJECT_HANDLE_INVALID);
	assert_int_equal(p11->C_SetAttributeValue(session, key, NULL, 1), CKR_ARGUMENTS_BAD);
	assert_int_equal(p11->C_SetAttributeValue(session, chain, &label, 1),
			 CKR_ACTION_PROHIBITED);
	assert_int_equal(p11->C_SetAttributeValue(session, key, &empty, 1),
			 CKR_ATTRIBUTE_VALUE_INVALID);
	assert_int_equal(p11->C_SetAttributeValue(session, key, &sign, 1), CKR_ATTRIBUTE_READ_ONLY);
	assert_int_equal(p11->C_SetAttributeValue(session, key, &sensitive, 1),
			 CKR_ATTRIBUTE_READ_ONLY);
	assert_int_equal(p11->C_SetAttributeValue(session, key, &unknown, 1),
			 CKR_ATTRIBUTE_TYPE_INVALID);
	assert_int_equal(p11->C_SetAttributeValue(session, key, two_faults, 2),
			 CKR_ATTRIBUTE_TYPE_INVALID);
	assert_int_equal(p11->C_SetAttributeValue(session, key, two_values, 2),
			 CKR_TEMPLATE_INCONSISTENT);
	assert_int_equal(agent->changes, 0);
	assert_int_equal(p11->C_SetAttributeValue(session, key, &label, 1), CKR_OK);
	assert_int_equal(wire_type(change_of(agent)), WIRE_RENAME);
	assert_field(change_of(agent), TAG_LABEL, "new", 3);
	assert_number(change_of(agent), TAG_OBJECT, OBJECT_PRIVATE_KEY);
	assert_false(wire_get(change_of(agent), TAG_ID, &field));
	assert_int_equal(p11->C_SetAttributeValue(session, key, both, 2), CKR_OK);
	assert_field(change_of(agent), TAG_ID, "\7", 1);
	assert_field(change_of(agent), TAG_NAME, NEW_NAME, 16);
	assert_int_equal(p11->C_SetAttributeValue(session, key, twice, 2), CKR_OK);
	agent->answer = DEVID_EXISTS;
	assert_int_equal(p11->C_SetAttributeValue(session, key, &label, 1),
			 CKR_ATTRIBUTE_VALUE_INVALID);
	agent->answer = DEVID_NOT_FOUND;
	assert_int_equal(p11->C_SetAttributeValue(session, key, &label, 1),
			 CKR_OBJECT_HANDLE_INVALID);
}

/* Which object's label it is goes along, and a label is read from the template by what each class
 * calls so. */
static void test_change_each(void **state)
{
	static const struct {
		CK_OBJECT_CLASS class;
		const char *label;
		enum wire_object object;
	} rows[] = {
		{ CKO_CERTIFICATE, "serv-cert", OBJECT_CERTIFICATE },
		{ CKO_PRIVATE_KEY, "serv-key", OBJECT_PRIVATE_KEY },
		{ CKO_PUBLIC_KEY, "serv-pub", OBJECT_PUBLIC_KEY },
	};
	struct fake_agent *agent = agent_start(SCOPE_USER);
	CK_SESSION_HANDLE session;
	CK_ATTRIBUTE both[] = { { CKA_ID, (char *)"\7\7", 2 }, { CKA_LABEL, (char *)"new", 3 } };

	write_record(SCOPE_USER, &(struct test_record){ .name = NEW_NAME,
							.pki = "rsa2048",
							.label = "serv-cert",
							.key_label = "serv-key",
							.public_key_label = "serv-pub" });
	session = open_session(0, CKF_RW_SESSION);
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		CK_OBJECT_HANDLE object = find_one(session, rows[i].class, rows[i].label);

		assert_int_equal(p11->C_SetAttributeValue(session, object, both, 2), CKR_OK);
		assert_int_equal(wire_type(change_of(agent)), WIRE_RENAME);
		assert_field(change_of(agent), TAG_NAME, NEW_NAME, 16);
		assert_field(change_of(agent), TAG_LABEL, "new", 3);
		assert_field(change_of(agent), TAG_ID, "\7\7", 2);
		assert_number(change_of(agent), TAG_OBJECT, rows[i].object);
	}
}

static void test_copy(void **state)
{
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key, copy;

	write_record(SCOPE_USER, &(struct test_record){ .pki = "rsa2048" });
	session = open_session(0, CKF_RW_SESSION);
	key = find_one(session, CKO_PRIVATE_KEY, "rsa2048");
	assert_int_equal(p11->C_CopyObject(session, key, NULL, 0, &copy), CKR_ACTION_PROHIBITED);
	assert_int_equal(p11->C_CopyObject(session, 9999, NULL, 0, &copy),
			 CKR_OBJECT_HANDLE_INVALID);
	assert_int_equal(p11->C_CopyObject(session, key, NULL, 1, &copy), CKR_ARGUMENTS_BAD);
	assert_int_equal(p11->C_CopyObject(session, key, NULL, 0, NULL), CKR_ARGUMENTS_BAD);
	assert_int_equal(p11->C_CopyObject(999, key, NULL, 0, &copy), CKR_SESSION_HANDLE_INVALID);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup, test_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_template_faults), TEST(test_create_certificate),
		TEST(test_create_keys),	    TEST(test_refusals),
		TEST(test_destroy),	    TEST(test_change),
		TEST(test_change_each),	    TEST(test_copy),
	};

	return cmocka_run_group_tests_name("writing", tests, NULL, NULL);
}
