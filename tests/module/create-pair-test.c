/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* C_GenerateKeyPair: templates and their faults, what goes to the agent, what its refusals become,
 * and what is told of a key that was made here.
 */
#include <string.h>
#include "support.h"

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define NEW_NAME	    "00000000000000aa"
#define ROOM		    8

static CK_OBJECT_CLASS private_class = CKO_PRIVATE_KEY, public_class = CKO_PUBLIC_KEY,
		       data_class = CKO_DATA;
static CK_KEY_TYPE rsa = CKK_RSA, ec = CKK_EC;
static CK_BBOOL yes = CK_TRUE, no = CK_FALSE, neither = 2;
static CK_ULONG size = 2048, huge = 1UL << 40, one_mechanism = CKM_RSA_PKCS;
static CK_ULONG sign_mechanisms[] = { CKM_ECDSA, CKM_ECDSA_SHA256, CKM_ECDSA_SHA384,
				      CKM_ECDSA_SHA512 };
static uint8_t bytes[256], f4[] = { 1, 0, 1 }, f4_long[] = { 0, 0, 1, 0, 1 }, three[] = { 3 };
static uint8_t p256[] = { 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7 };
static uint8_t p384[] = { 6, 5, 0x2b, 0x81, 4, 0, 0x22 }, p521[] = { 6, 5, 0x2b, 0x81, 4, 0, 0x23 };
static uint8_t k256[] = { 6, 5, 0x2b, 0x81, 4, 0, 0x0a };
static uint8_t after[] = { 6, 5, 0x2b, 0x81, 4, 0, 0x22, 0 };
static uint8_t edwards[] = { 0x13, 2, 'e', 'd' };

#define VALUE(type, value)                    \
	{                                     \
		type, &(value), sizeof(value) \
	}
#define TOKEN VALUE(CKA_TOKEN, yes)
#define BITS  VALUE(CKA_MODULUS_BITS, size)
#define CURVE VALUE(CKA_EC_PARAMS, p256)
#define NUMBER(type, length)        \
	{                           \
		type, bytes, length \
	}

static const struct fault {
	CK_RV rv;
	CK_MECHANISM_TYPE mechanism;
	CK_ATTRIBUTE public[ROOM], private[ROOM];
} faults[] = {
#define RSA CKM_RSA_PKCS_KEY_PAIR_GEN
#define EC  CKM_EC_KEY_PAIR_GEN
	{ CKR_MECHANISM_INVALID, CKM_RSA_PKCS, { TOKEN, BITS }, { TOKEN } },
	{ CKR_MECHANISM_INVALID, CKM_RSA_X9_31_KEY_PAIR_GEN, { TOKEN, BITS }, { TOKEN } },
	{ CKR_MECHANISM_INVALID, CKM_SHA256, { TOKEN, BITS }, { TOKEN } },
	/* objects of a session */
	{ CKR_TEMPLATE_INCONSISTENT, RSA, { BITS }, { TOKEN } },
	{ CKR_TEMPLATE_INCONSISTENT, RSA, { TOKEN, BITS }, { { 0 } } },
	{ CKR_TEMPLATE_INCONSISTENT, RSA, { TOKEN, BITS }, { VALUE(CKA_TOKEN, no) } },
	{ CKR_TEMPLATE_INCONSISTENT, RSA, { VALUE(CKA_TOKEN, no), BITS }, { TOKEN } },
	/* footnotes 3 and 4 */
	{ CKR_TEMPLATE_INCOMPLETE, RSA, { TOKEN }, { TOKEN } },
	{ CKR_TEMPLATE_INCOMPLETE, EC, { TOKEN }, { TOKEN } },
	{ CKR_TEMPLATE_INCOMPLETE, RSA, { { 0 } }, { { 0 } } },
	{ CKR_ATTRIBUTE_READ_ONLY, RSA, { TOKEN, BITS, NUMBER(CKA_MODULUS, 256) }, { TOKEN } },
	{ CKR_ATTRIBUTE_READ_ONLY, RSA, { TOKEN, BITS }, { TOKEN, NUMBER(CKA_MODULUS, 256) } },
	{ CKR_ATTRIBUTE_READ_ONLY,
	  RSA,
	  { TOKEN, BITS },
	  { TOKEN, VALUE(CKA_PUBLIC_EXPONENT, f4) } },
	{ CKR_ATTRIBUTE_READ_ONLY, RSA, { TOKEN, BITS }, { TOKEN, NUMBER(CKA_PRIME_1, 128) } },
	{ CKR_ATTRIBUTE_READ_ONLY, RSA, { TOKEN, BITS }, { TOKEN, VALUE(CKA_LOCAL, yes) } },
	{ CKR_ATTRIBUTE_READ_ONLY, RSA, { TOKEN, BITS, VALUE(CKA_LOCAL, yes) }, { TOKEN } },
	{ CKR_ATTRIBUTE_READ_ONLY,
	  RSA,
	  { TOKEN, BITS },
	  { TOKEN, VALUE(CKA_ALWAYS_SENSITIVE, yes) } },
	{ CKR_ATTRIBUTE_READ_ONLY, EC, { TOKEN, CURVE, NUMBER(CKA_EC_POINT, 67) }, { TOKEN } },
	{ CKR_ATTRIBUTE_READ_ONLY, EC, { TOKEN, CURVE }, { TOKEN, CURVE } },
	{ CKR_ATTRIBUTE_READ_ONLY, EC, { TOKEN, CURVE }, { TOKEN, NUMBER(CKA_VALUE, 32) } },
	/* of another class, or another type */
	{ CKR_ATTRIBUTE_TYPE_INVALID, RSA, { TOKEN, BITS, VALUE(CKA_SIGN, yes) }, { TOKEN } },
	{ CKR_ATTRIBUTE_TYPE_INVALID, RSA, { TOKEN, BITS }, { TOKEN, BITS } },
	{ CKR_ATTRIBUTE_TYPE_INVALID, RSA, { TOKEN, BITS, CURVE }, { TOKEN } },
	{ CKR_ATTRIBUTE_TYPE_INVALID, EC, { TOKEN, CURVE, BITS }, { TOKEN } },
	{ CKR_ATTRIBUTE_TYPE_INVALID, RSA, { TOKEN, BITS }, { TOKEN, NUMBER(CKA_URL, 3) } },
	{ CKR_ATTRIBUTE_TYPE_INVALID,
	  RSA,
	  { TOKEN, BITS },
	  { TOKEN, NUMBER(CKA_VENDOR_DEFINED, 1) } },
	{ CKR_TEMPLATE_INCONSISTENT,
	  RSA,
	  { TOKEN, BITS, VALUE(CKA_CLASS, private_class) },
	  { TOKEN } },
	{ CKR_TEMPLATE_INCONSISTENT,
	  RSA,
	  { TOKEN, BITS },
	  { TOKEN, VALUE(CKA_CLASS, public_class) } },
	{ CKR_TEMPLATE_INCONSISTENT, RSA, { TOKEN, BITS }, { TOKEN, VALUE(CKA_KEY_TYPE, ec) } },
	{ CKR_TEMPLATE_INCONSISTENT, EC, { TOKEN, CURVE, VALUE(CKA_KEY_TYPE, rsa) }, { TOKEN } },
	{ CKR_ATTRIBUTE_VALUE_INVALID,
	  RSA,
	  { TOKEN, BITS, VALUE(CKA_CLASS, data_class) },
	  { TOKEN } },
	/* what the token's keys can't be */
	{ CKR_TEMPLATE_INCONSISTENT, RSA, { TOKEN, BITS }, { TOKEN, VALUE(CKA_EXTRACTABLE, yes) } },
	{ CKR_TEMPLATE_INCONSISTENT, RSA, { TOKEN, BITS }, { TOKEN, VALUE(CKA_SENSITIVE, no) } },
	{ CKR_TEMPLATE_INCONSISTENT,
	  RSA,
	  { TOKEN, BITS },
	  { TOKEN, VALUE(CKA_ALWAYS_AUTHENTICATE, yes) } },
	{ CKR_TEMPLATE_INCONSISTENT,
	  RSA,
	  { TOKEN, BITS },
	  { TOKEN, VALUE(CKA_ALLOWED_MECHANISMS, one_mechanism) } },
	{ CKR_TEMPLATE_INCONSISTENT, RSA, { TOKEN, BITS, VALUE(CKA_PRIVATE, yes) }, { TOKEN } },
	{ CKR_TEMPLATE_INCONSISTENT, RSA, { TOKEN, BITS, VALUE(CKA_TRUSTED, yes) }, { TOKEN } },
	{ CKR_TEMPLATE_INCONSISTENT,
	  RSA,
	  { TOKEN, BITS, NUMBER(CKA_ID, 3) },
	  { TOKEN, NUMBER(CKA_ID, 4) } },
	{ CKR_TEMPLATE_INCONSISTENT,
	  RSA,
	  { TOKEN, BITS },
	  { TOKEN, NUMBER(CKA_ID, 3), NUMBER(CKA_ID, 4) } },
	/* values */
	{ CKR_ATTRIBUTE_VALUE_INVALID, RSA, { TOKEN, { CKA_MODULUS_BITS, &size, 4 } }, { TOKEN } },
	{ CKR_ATTRIBUTE_VALUE_INVALID, RSA, { TOKEN, { CKA_MODULUS_BITS, NULL, 8 } }, { TOKEN } },
	{ CKR_ATTRIBUTE_VALUE_INVALID, RSA, { TOKEN, BITS }, { VALUE(CKA_TOKEN, neither) } },
	{ CKR_ATTRIBUTE_VALUE_INVALID,
	  RSA,
	  { TOKEN, BITS, VALUE(CKA_PUBLIC_EXPONENT, three) },
	  { TOKEN } },
	{ CKR_ATTRIBUTE_VALUE_INVALID,
	  RSA,
	  { TOKEN, BITS, { CKA_PUBLIC_EXPONENT, f4, 0 } },
	  { TOKEN } },
	{ CKR_ATTRIBUTE_VALUE_INVALID,
	  RSA,
	  { TOKEN, BITS, NUMBER(CKA_PUBLIC_EXPONENT, 256) },
	  { TOKEN } },
	{ CKR_CURVE_NOT_SUPPORTED, EC, { TOKEN, VALUE(CKA_EC_PARAMS, k256) }, { TOKEN } },
	{ CKR_DOMAIN_PARAMS_INVALID, EC, { TOKEN, VALUE(CKA_EC_PARAMS, after) }, { TOKEN } },
	{ CKR_DOMAIN_PARAMS_INVALID, EC, { TOKEN, { CKA_EC_PARAMS, p256, 9 } }, { TOKEN } },
	{ CKR_DOMAIN_PARAMS_INVALID, EC, { TOKEN, VALUE(CKA_EC_PARAMS, edwards) }, { TOKEN } },
	{ CKR_DOMAIN_PARAMS_INVALID, EC, { TOKEN, NUMBER(CKA_EC_PARAMS, 200) }, { TOKEN } },
	{ CKR_ATTRIBUTE_VALUE_INVALID, EC, { TOKEN, { CKA_EC_PARAMS, p256, 0 } }, { TOKEN } },
	/* several faults, in either template: the earliest of section 4.1.1 */
	{ CKR_ATTRIBUTE_TYPE_INVALID,
	  RSA,
	  { VALUE(CKA_TOKEN, neither) },
	  { NUMBER(CKA_VENDOR_DEFINED, 1) } },
	{ CKR_ATTRIBUTE_VALUE_INVALID,
	  RSA,
	  { VALUE(CKA_LOCAL, yes) },
	  { VALUE(CKA_TOKEN, neither) } },
	{ CKR_ATTRIBUTE_READ_ONLY, RSA, { TOKEN }, { VALUE(CKA_LOCAL, yes) } },
	{ CKR_TEMPLATE_INCOMPLETE, RSA, { TOKEN }, { VALUE(CKA_EXTRACTABLE, yes) } },
};

static CK_ULONG length_of(const CK_ATTRIBUTE *template)
{
	CK_ULONG count = 0;

	while (count < ROOM && (template[count].type || template[count].ulValueLen))
		count++;
	return count;
}

static CK_OBJECT_HANDLE made_public, made_private;

static CK_RV generate(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, const CK_ATTRIBUTE *public,
		      const CK_ATTRIBUTE *private)
{
	CK_MECHANISM mechanism = { type, NULL, 0 };

	return p11->C_GenerateKeyPair(session, &mechanism, (CK_ATTRIBUTE *)public,
				      length_of(public), (CK_ATTRIBUTE *)private,
				      length_of(private), &made_public, &made_private);
}

static const CK_ATTRIBUTE rsa_public[ROOM] = { TOKEN, BITS }, ec_public[ROOM] = { TOKEN, CURVE },
			  bare[ROOM] = { TOKEN };

static void test_faults(void **state)
{
	struct fake_agent *agent = agent_start(SCOPE_USER);
	CK_SESSION_HANDLE session = open_session(0, CKF_RW_SESSION);

	for (size_t i = 0; i < ARRAY_LENGTH(faults); i++) {
		CK_RV rv =
			generate(session, faults[i].mechanism, faults[i].public, faults[i].private);

		if (rv != faults[i].rv)
			print_error("row %zu\n", i);
		assert_int_equal(rv, faults[i].rv);
	}
	assert_int_equal(agent->changes, 0);
	assert_int_equal(agent->connections, 0);
}

static void test_arguments(void **state)
{
	struct fake_agent *agent = agent_start(SCOPE_USER);
	CK_SESSION_HANDLE session = open_session(0, CKF_RW_SESSION), reading = open_session(0, 0);
	CK_MECHANISM mechanism = { RSA, NULL, 0 }, odd = { RSA, bytes, 4 };
	CK_ATTRIBUTE public[] = { TOKEN, BITS }, private[] = { TOKEN };
	CK_OBJECT_HANDLE one, other;

#define CALL(...) p11->C_GenerateKeyPair(__VA_ARGS__)
	assert_int_equal(CALL(session, NULL, public, 2, private, 1, &one, &other),
			 CKR_ARGUMENTS_BAD);
	assert_int_equal(CALL(session, &mechanism, NULL, 2, private, 1, &one, &other),
			 CKR_ARGUMENTS_BAD);
	assert_int_equal(CALL(session, &mechanism, public, 2, NULL, 1, &one, &other),
			 CKR_ARGUMENTS_BAD);
	assert_int_equal(CALL(session, &mechanism, public, 2, private, 1, NULL, &other),
			 CKR_ARGUMENTS_BAD);
	assert_int_equal(CALL(session, &mechanism, public, 2, private, 1, &one, NULL),
			 CKR_ARGUMENTS_BAD);
	assert_int_equal(CALL(session, &mechanism, NULL, 0, NULL, 0, &one, &other),
			 CKR_TEMPLATE_INCOMPLETE);
	assert_int_equal(CALL(session, &odd, public, 2, private, 1, &one, &other),
			 CKR_MECHANISM_PARAM_INVALID);
	assert_int_equal(CALL(999, &mechanism, public, 2, private, 1, &one, &other),
			 CKR_SESSION_HANDLE_INVALID);
	assert_int_equal(CALL(reading, &mechanism, public, 2, private, 1, &one, &other),
			 CKR_SESSION_READ_ONLY);
	/* A template that is wrong is wrong there too. */
	assert_int_equal(CALL(reading, &mechanism, public, 1, private, 1, &one, &other),
			 CKR_TEMPLATE_INCOMPLETE);
	assert_int_equal(agent->changes, 0);
}

static const struct wire_frame *asked(struct fake_agent *agent)
{
	static struct wire_frame frame;

	frame = (struct wire_frame){ { agent->change, agent->change_length, agent->change_length },
				     DEVID_OK };
	assert_int_equal(wire_validate(&frame), DEVID_OK);
	assert_int_equal(wire_type(&frame), WIRE_GENERATE);
	return &frame;
}

static void assert_text(struct fake_agent *agent, enum wire_tag tag, const char *text)
{
	struct wire_field field;

	if (!text) {
		assert_false(wire_get(asked(agent), tag, &field));
		return;
	}
	assert_true(wire_get(asked(agent), tag, &field));
	assert_int_equal(field.length, strlen(text));
	assert_memory_equal(field.data, text, field.length);
}

static void assert_number(struct fake_agent *agent, enum wire_tag tag, uint32_t wanted)
{
	uint32_t value;

	assert_true(wire_get_u32(asked(agent), tag, &value));
	assert_int_equal(value, wanted);
}

static void write_made(const char *pki)
{
	write_record(SCOPE_USER, &(struct test_record){ .name = NEW_NAME,
							.label = "made",
							.public_key_label = "half",
							.pki = pki,
							.local = true,
							.no_leaf = true });
}

/* What goes to the agent: type and size, names as they were given, and no store. */
static void test_request(void **state)
{
#define LABEL(text)                                       \
	{                                                 \
		CKA_LABEL, (char *)text, sizeof(text) - 1 \
	}
#define ID(text)                                       \
	{                                              \
		CKA_ID, (char *)text, sizeof(text) - 1 \
	}
	static const struct {
		CK_ATTRIBUTE public[ROOM], private[ROOM];
		const char *label, *public_label, *id;
	} rows[] = {
		{ { TOKEN, BITS }, { TOKEN }, NULL, NULL, NULL },
		{ { TOKEN, BITS, LABEL("a") }, { TOKEN, LABEL("a") }, "a", "a", NULL },
		{ { TOKEN, BITS, LABEL("b") }, { TOKEN, LABEL("a") }, "a", "b", NULL },
		{ { TOKEN, BITS }, { TOKEN, LABEL("a") }, "a", NULL, NULL },
		{ { TOKEN, BITS, LABEL("b") }, { TOKEN, LABEL("") }, "b", "b", NULL },
		{ { TOKEN, BITS, ID("12") }, { TOKEN, ID("12") }, NULL, NULL, "12" },
		{ { TOKEN, BITS, ID("12") }, { TOKEN }, NULL, NULL, "12" },
		{ { TOKEN, BITS, ID("") }, { TOKEN, ID("12") }, NULL, NULL, "12" },
	};
	struct fake_agent *agent = agent_start(SCOPE_USER);
	CK_SESSION_HANDLE session = open_session(0, CKF_RW_SESSION);

	strcpy(agent->new_name, NEW_NAME);
	write_made("rsa2048");
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		assert_int_equal(generate(session, RSA, rows[i].public, rows[i].private), CKR_OK);
		assert_number(agent, TAG_KEY_TYPE, KEY_RSA);
		assert_number(agent, TAG_KEY_BITS, 2048);
		assert_text(agent, TAG_LABEL, rows[i].label);
		assert_text(agent, TAG_PUBLIC_LABEL, rows[i].public_label);
		assert_text(agent, TAG_ID, rows[i].id);
		assert_text(agent, TAG_STORE, NULL);
	}
	assert_int_equal(made_private, find_one(session, CKO_PRIVATE_KEY, "made"));
	assert_int_equal(made_public, find_one(session, CKO_PUBLIC_KEY, "half"));
}

/* What tools say of a key by habit is no fault: usage, exponent, class, type. */
static void test_habits(void **state)
{
	static const struct {
		CK_ATTRIBUTE curve;
		uint32_t bits;
	} curves[] = { { VALUE(CKA_EC_PARAMS, p256), 256 },
		       { VALUE(CKA_EC_PARAMS, p384), 384 },
		       { VALUE(CKA_EC_PARAMS, p521), 521 } };
	static const CK_ATTRIBUTE chatty[ROOM] = { TOKEN,
						   VALUE(CKA_PRIVATE, yes),
						   VALUE(CKA_SENSITIVE, yes),
						   VALUE(CKA_EXTRACTABLE, no),
						   VALUE(CKA_SIGN, yes),
						   VALUE(CKA_DECRYPT, yes),
						   VALUE(CKA_UNWRAP, yes),
						   VALUE(CKA_CLASS, private_class) };
	static const CK_ATTRIBUTE chatty_ec[ROOM] = {
		TOKEN, VALUE(CKA_DERIVE, yes), VALUE(CKA_ALLOWED_MECHANISMS, sign_mechanisms)
	};
	CK_ATTRIBUTE public[ROOM] = { TOKEN,
				      BITS,
				      VALUE(CKA_PUBLIC_EXPONENT, f4_long),
				      VALUE(CKA_VERIFY, yes),
				      VALUE(CKA_ENCRYPT, yes),
				      VALUE(CKA_KEY_TYPE, rsa),
				      VALUE(CKA_CLASS, public_class) };
	struct fake_agent *agent = agent_start(SCOPE_USER);
	CK_SESSION_HANDLE session = open_session(0, CKF_RW_SESSION);
	CK_ULONG bits[] = { 2048, 3072, 4096, 1024, huge };

	strcpy(agent->new_name, NEW_NAME);
	write_made("p256");
	for (size_t i = 0; i < ARRAY_LENGTH(bits); i++) {
		public[1].pValue = &bits[i];
		assert_int_equal(generate(session, RSA, public, chatty), CKR_OK);
		/* Which sizes are made, the agent knows. */
		assert_number(agent, TAG_KEY_BITS, bits[i] == huge ? 0 : (uint32_t)bits[i]);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(curves); i++) {
		CK_ATTRIBUTE named[ROOM] = { TOKEN, curves[i].curve };

		assert_int_equal(generate(session, EC, named, chatty_ec), CKR_OK);
		assert_number(agent, TAG_KEY_TYPE, KEY_EC);
		assert_number(agent, TAG_KEY_BITS, curves[i].bits);
	}
}

static void test_refusals(void **state)
{
	static const struct {
		enum devid_result result;
		CK_RV rv;
	} rows[] = {
		{ DEVID_STORE_MISSING, CKR_TOKEN_WRITE_PROTECTED },
		{ DEVID_DENIED, CKR_TOKEN_WRITE_PROTECTED },
		{ DEVID_EXISTS, CKR_ATTRIBUTE_VALUE_INVALID },
		{ DEVID_UNSUPPORTED, CKR_ATTRIBUTE_VALUE_INVALID },
		{ DEVID_STORE_DISMISSED, CKR_FUNCTION_CANCELED },
		{ DEVID_STORE_LOCKED, CKR_DEVICE_ERROR },
		{ DEVID_IO, CKR_DEVICE_ERROR },
	};
	struct fake_agent *agent = agent_start(SCOPE_USER);
	CK_SESSION_HANDLE session = open_session(0, CKF_RW_SESSION);

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		agent->answer = rows[i].result;
		assert_int_equal(generate(session, EC, ec_public, bare), rows[i].rv);
	}
	agent->answer = DEVID_OK;
	/* An answer without a name; one of what isn't there, or has no key. */
	assert_int_equal(generate(session, RSA, rsa_public, bare), CKR_ATTRIBUTE_VALUE_INVALID);
	strcpy(agent->new_name, NEW_NAME);
	assert_int_equal(generate(session, RSA, rsa_public, bare), CKR_FUNCTION_FAILED);
	write_record(SCOPE_USER,
		     &(struct test_record){ .name = NEW_NAME, .pki = "p256", .store = "none" });
	assert_int_equal(generate(session, RSA, rsa_public, bare), CKR_FUNCTION_FAILED);
	agent_stop(agent);
	assert_int_equal(generate(session, RSA, rsa_public, bare), CKR_DEVICE_ERROR);
}

static CK_ULONG number_of(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type)
{
	CK_ULONG value = 0;

	read_attribute(session, key, type, &value, sizeof(value));
	return value;
}

/* 4.7, 4.9: what is told of keys that were made here, and of those that came from outside. */
static void test_told(void **state)
{
	static const struct {
		const char *pki;
		bool local, lone;
		CK_ULONG mechanism;
	} rows[] = {
		{ "rsa2048", true, true, RSA },
		{ "rsa3072", true, false, RSA },
		{ "p256", true, true, EC },
		{ "p384", true, false, EC },
		{ "rsa4096", false, true, CK_UNAVAILABLE_INFORMATION },
		{ "p521", false, false, CK_UNAVAILABLE_INFORMATION },
	};
	CK_SESSION_HANDLE session;

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		write_record(SCOPE_USER, &(struct test_record){ .pki = rows[i].pki,
								.local = rows[i].local,
								.no_leaf = rows[i].lone });
	session = open_session(0, 0);
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		CK_OBJECT_HANDLE private = find_one(session, CKO_PRIVATE_KEY, rows[i].pki);
		CK_OBJECT_HANDLE public = find_one(session, CKO_PUBLIC_KEY, rows[i].pki);

		assert_int_equal(number_of(session, private, CKA_LOCAL), rows[i].local);
		assert_int_equal(number_of(session, public, CKA_LOCAL), rows[i].local);
		assert_int_equal(number_of(session, private, CKA_ALWAYS_SENSITIVE), rows[i].local);
		assert_int_equal(number_of(session, private, CKA_NEVER_EXTRACTABLE), rows[i].local);
		assert_int_equal(number_of(session, private, CKA_KEY_GEN_MECHANISM),
				 rows[i].mechanism);
		assert_int_equal(number_of(session, public, CKA_KEY_GEN_MECHANISM),
				 rows[i].mechanism);
		assert_int_equal(number_of(session, private, CKA_SENSITIVE), true);
		assert_int_equal(number_of(session, private, CKA_EXTRACTABLE), false);
	}
}

/* A key's mechanisms are those that it signs with. */
static void test_allowed(void **state)
{
	CK_SESSION_HANDLE session;
	CK_MECHANISM_TYPE allowed[16];
	size_t length;

	write_record(SCOPE_USER, &(struct test_record){ .pki = "p256", .local = true });
	session = open_session(0, 0);
	length = read_attribute(session, find_one(session, CKO_PRIVATE_KEY, "p256"),
				CKA_ALLOWED_MECHANISMS, allowed, sizeof(allowed));
	assert_int_equal(length, sizeof(sign_mechanisms));
	for (size_t i = 0; i < length / sizeof(allowed[0]); i++)
		assert_int_not_equal(allowed[i], EC);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup, test_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_faults),   TEST(test_arguments), TEST(test_request), TEST(test_habits),
		TEST(test_refusals), TEST(test_told),	   TEST(test_allowed),
	};

	return cmocka_run_group_tests_name("pairs", tests, NULL, NULL);
}
