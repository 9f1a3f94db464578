/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Objects: what records become, searching and reading. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "support.h"

static void write_some(void)
{
	write_record(SCOPE_USER, &(struct test_record){ .pki = "rsa2048",
							.id = "a1",
							.chain = { "issuing", "root" } });
	write_record(
		SCOPE_USER,
		&(struct test_record){ .pki = "p256", .id = "a2", .chain = { "issuing", "root" } });
	write_record(SCOPE_USER,
		     &(struct test_record){ .pki = "p521", .id = "a3", .no_leaf = true });
	write_record(SCOPE_USER,
		     &(struct test_record){ .pki = "stranger-root", .id = "a4", .store = "none" });
}

static void test_empty(void **state)
{
	CK_SESSION_HANDLE session = open_session(0, 0), machine = open_session(1, 0);
	CK_OBJECT_HANDLE object;

	assert_int_equal(find_all(session, NULL, 0, &object, 1), 0);
	assert_int_equal(find_all(machine, NULL, 0, &object, 1), 0);
	mkdir(folder_of(SCOPE_USER), 0700);
	assert_int_equal(find_all(session, NULL, 0, &object, 1), 0);
}

static void test_classes(void **state)
{
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE objects[32];

	write_some();
	session = open_session(0, 0);
	assert_int_equal(count_class(session, CKO_PRIVATE_KEY), 3);
	assert_int_equal(count_class(session, CKO_PUBLIC_KEY), 3);
	/* two leaves, a lone one, and the two of the chains once */
	assert_int_equal(count_class(session, CKO_CERTIFICATE), 5);
	assert_int_equal(count_class(session, CKO_DATA), 0);
	assert_int_equal(find_all(session, NULL, 0, objects, 32), 11);
	assert_int_equal(count_class(open_session(1, 0), CKO_CERTIFICATE), 0);
}

/* A chain's certificate that somebody also wrote by itself is one object. */
static void test_lone_ca_hides_chain(void **state)
{
	CK_SESSION_HANDLE session;
	CK_BBOOL modifiable;

	write_some();
	write_record(SCOPE_USER, &(struct test_record){ .pki = "root", .store = "none" });
	session = open_session(0, 0);
	assert_int_equal(count_class(session, CKO_CERTIFICATE), 5);
	read_attribute(session, find_one(session, CKO_CERTIFICATE, "root"), CKA_MODIFIABLE,
		       BYTES_OF(&modifiable));
	assert_int_equal(modifiable, CK_TRUE);
	read_attribute(session, find_one(session, CKO_CERTIFICATE, "issuing"), CKA_MODIFIABLE,
		       BYTES_OF(&modifiable));
	assert_int_equal(modifiable, CK_FALSE);
}

static void test_search_errors(void **state)
{
	CK_SESSION_HANDLE session = open_session(0, 0);
	CK_ATTRIBUTE broken = { CKA_LABEL, NULL, 3 };
	CK_OBJECT_HANDLE object;
	CK_ULONG count;

	assert_int_equal(p11->C_FindObjects(session, &object, 1, &count),
			 CKR_OPERATION_NOT_INITIALIZED);
	assert_int_equal(p11->C_FindObjectsFinal(session), CKR_OPERATION_NOT_INITIALIZED);
	assert_int_equal(p11->C_FindObjectsInit(session, NULL, 1), CKR_ARGUMENTS_BAD);
	assert_int_equal(p11->C_FindObjectsInit(999, NULL, 0), CKR_SESSION_HANDLE_INVALID);
	assert_int_equal(p11->C_FindObjectsInit(session, &broken, 1), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_int_equal(p11->C_FindObjectsInit(session, NULL, 0), CKR_OK);
	assert_int_equal(p11->C_FindObjectsInit(session, NULL, 0), CKR_OPERATION_ACTIVE);
	assert_int_equal(p11->C_FindObjects(session, NULL, 1, &count), CKR_ARGUMENTS_BAD);
	assert_int_equal(p11->C_FindObjects(session, &object, 1, NULL), CKR_ARGUMENTS_BAD);
	assert_int_equal(p11->C_FindObjects(999, &object, 1, &count), CKR_SESSION_HANDLE_INVALID);
	assert_int_equal(p11->C_FindObjects(session, &object, 1, &count), CKR_OK);
	assert_int_equal(count, 0);
	assert_int_equal(p11->C_FindObjectsFinal(session), CKR_OK);
	assert_int_equal(p11->C_FindObjectsFinal(999), CKR_SESSION_HANDLE_INVALID);
}

static CK_ULONG found_with(CK_SESSION_HANDLE session, CK_ATTRIBUTE_TYPE type, const void *value,
			   size_t length)
{
	CK_ATTRIBUTE template = { type, (void *)value, length };
	CK_OBJECT_HANDLE objects[32];

	return find_all(session, &template, 1, objects, 32);
}

static void test_search_by_any_attribute(void **state)
{
	static const struct {
		CK_ATTRIBUTE_TYPE type;
		const char *value;
		size_t length;
		CK_ULONG count;
	} rows[] = {
		{ CKA_LABEL, "rsa2048", 7, 3 },
		{ CKA_LABEL, "rsa204", 6, 0 },
		{ CKA_LABEL, "", 0, 0 },
		{ CKA_ID, "\xa2", 1, 3 },
		{ CKA_ID, "\xa3", 1, 2 },
		{ CKA_TOKEN, "\1", 1, 11 },
		{ CKA_TOKEN, "\0", 1, 0 },
		{ CKA_PRIVATE, "\1", 1, 0 }, /* that a login would hide */
		{ CKA_PRIVATE, "\0", 1, 11 },
		{ CKA_SIGN, "\1", 1, 3 },
		{ CKA_VERIFY, "\1", 1, 0 },
		{ CKA_VERIFY, "\0", 1, 3 },
		{ CKA_SENSITIVE, "\1", 1, 3 },
		{ CKA_DECRYPT, "\1", 1, 0 },
		{ CKA_EXTRACTABLE, "\1", 1, 0 },
		{ CKA_KEY_TYPE, "\0\0\0\0\0\0\0\0", 8, 2 },
		{ CKA_KEY_TYPE, "\3\0\0\0\0\0\0\0", 8, 4 },
		{ CKA_KEY_TYPE, "\3\0\0\0", 4, 0 },
		{ CKA_CERTIFICATE_TYPE, "\0\0\0\0\0\0\0\0", 8, 5 },
		{ CKA_CERTIFICATE_CATEGORY, "\2\0\0\0\0\0\0\0", 8, 3 },
		{ CKA_CERTIFICATE_CATEGORY, "\1\0\0\0\0\0\0\0", 8, 2 },
		{ CKA_NAME_HASH_ALGORITHM, "\x20\2\0\0\0\0\0\0", 8, 5 },
		{ CKA_WRAP_TEMPLATE, "", 0, 3 },
		{ CKA_UNWRAP_TEMPLATE, "", 0, 3 },
		{ CKA_EC_PARAMS, "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 10, 2 },
		{ CKA_PUBLIC_EXPONENT, "\1\0\1", 3, 2 },
		{ CKA_PRIVATE_EXPONENT, "", 0, 0 }, /* never, even empty */
		{ CKA_VALUE, "", 0, 0 },
		{ CKA_URL, "", 0, 5 },
		{ CKA_VENDOR_DEFINED | 7, "x", 1, 0 },
		{ CKA_END_DATE, "20491231", 8, 5 },
	};
	CK_SESSION_HANDLE session;

	write_some();
	session = open_session(0, 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CK_ULONG count = found_with(session, rows[i].type, rows[i].value, rows[i].length);

		if (count != rows[i].count)
			print_error("row %zu\n", i);
		assert_int_equal(count, rows[i].count);
	}
}

static void assert_label(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, const char *wanted)
{
	char label[RECORD_LABEL_MAX + 1];

	assert_int_equal(read_attribute(session, object, CKA_LABEL, BYTES_OF(label)),
			 strlen(wanted));
	assert_memory_equal(label, wanted, strlen(wanted));
}

/* Each object is found by its own label, and by that of no other of its identity. */
static void check_labels(const char *pki, bool no_leaf, const char *key_label,
			 const char *public_key_label, const char *const labels[3])
{
	static const CK_OBJECT_CLASS classes[] = { CKO_CERTIFICATE, CKO_PRIVATE_KEY,
						   CKO_PUBLIC_KEY };
	CK_SESSION_HANDLE session = open_session(0, 0);

	write_record(SCOPE_USER, &(struct test_record){ .name = "0000000000000001",
							.pki = pki,
							.label = "serv-cert",
							.id = "a1",
							.no_leaf = no_leaf,
							.key_label = key_label,
							.public_key_label = public_key_label });
	for (size_t i = no_leaf; i < 3; i++) {
		CK_OBJECT_HANDLE object = find_one(session, classes[i], labels[i]);

		assert_int_not_equal(object, 0);
		assert_label(session, object, labels[i]);
		for (size_t k = 0; k < 3; k++)
			assert_int_equal(find_one(session, classes[i], labels[k]),
					 strcmp(labels[i], labels[k]) == 0 ? object : 0);
	}
	assert_int_equal(find_one(session, CKO_CERTIFICATE, "serv-cert") == 0, no_leaf);
	assert_int_equal(found_with(session, CKA_ID, "\xa1", 1), 3 - no_leaf);
}

static void test_labels(void **state)
{
	char longest[RECORD_LABEL_MAX + 1], other[RECORD_LABEL_MAX + 1];

	memset(longest, 'k', RECORD_LABEL_MAX);
	memset(other, 'p', RECORD_LABEL_MAX);
	longest[RECORD_LABEL_MAX] = other[RECORD_LABEL_MAX] = '\0';
	check_labels("rsa2048", false, NULL, NULL,
		     (const char *const[]){ "serv-cert", "serv-cert", "serv-cert" });
	/* The public key that nobody wrote is called as the private one. */
	check_labels("rsa2048", false, "serv-key", NULL,
		     (const char *const[]){ "serv-cert", "serv-key", "serv-key" });
	check_labels("p256", false, NULL, "serv-pub",
		     (const char *const[]){ "serv-cert", "serv-cert", "serv-pub" });
	check_labels("p256", false, "serv-key", "serv-pub",
		     (const char *const[]){ "serv-cert", "serv-key", "serv-pub" });
	check_labels("p256", false, "serv-key", "serv-cert",
		     (const char *const[]){ "serv-cert", "serv-key", "serv-cert" });
	check_labels("p521", false, longest, other,
		     (const char *const[]){ "serv-cert", longest, other });
	check_labels("p384", true, "serv-key", "serv-pub",
		     (const char *const[]){ "serv-cert", "serv-key", "serv-pub" });
}

/* Labels of keys are nobody's alone; and a certificate by itself has no keys to be labelled. */
static void test_labels_that_coincide(void **state)
{
	CK_SESSION_HANDLE session = open_session(0, 0);

	write_record(SCOPE_USER, &(struct test_record){ .pki = "rsa2048", .key_label = "p256" });
	write_record(SCOPE_USER, &(struct test_record){ .pki = "p256" });
	write_record(SCOPE_USER, &(struct test_record){ .pki = "p384",
							.store = "none",
							.key_label = "p256",
							.public_key_label = "p256" });
	assert_int_equal(found_with(session, CKA_LABEL, "p256", 4), 5);
	assert_int_equal(found_with(session, CKA_LABEL, "rsa2048", 7), 1);
	assert_int_equal(found_with(session, CKA_LABEL, "p384", 4), 1);
	assert_int_equal(count_class(session, CKO_PRIVATE_KEY), 2);
}

static void test_search_in_steps(void **state)
{
	CK_SESSION_HANDLE session, other;
	CK_OBJECT_HANDLE seen[32], more;
	CK_ULONG count, total = 0;

	write_some();
	session = open_session(0, 0);
	other = open_session(0, 0);
	assert_int_equal(p11->C_FindObjectsInit(session, NULL, 0), CKR_OK);
	/* Another session's search is its own. */
	assert_int_equal(count_class(other, CKO_PRIVATE_KEY), 3);
	do {
		assert_int_equal(p11->C_FindObjects(session, seen + total, 3, &count), CKR_OK);
		total += count;
	} while (count > 0);
	assert_int_equal(total, 11);
	for (CK_ULONG i = 1; i < total; i++)
		assert_true(seen[i] > seen[i - 1]);
	assert_int_equal(p11->C_FindObjects(session, &more, 1, &count), CKR_OK);
	assert_int_equal(count, 0);
	assert_int_equal(p11->C_FindObjectsFinal(session), CKR_OK);
}

static void test_read_rules(void **state)
{
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key, public_key;
	uint8_t modulus[256], secret[512] = { 0 }, small[4];
	CK_ATTRIBUTE template[] = {
		{ CKA_MODULUS, modulus, sizeof(modulus) },
		{ CKA_PRIVATE_EXPONENT, secret, 512 },
		{ CKA_PRIME_1, NULL, 0 },
		{ CKA_EC_POINT, secret, 512 },
		{ CKA_LABEL, small, sizeof(small) },
		{ CKA_ID, NULL, 0 },
	};
	static const uint8_t zeros[512];
	CK_ULONG size;

	write_some();
	session = open_session(0, 0);
	key = find_one(session, CKO_PRIVATE_KEY, "rsa2048");
	public_key = find_one(session, CKO_PUBLIC_KEY, "rsa2048");
	assert_int_equal(p11->C_GetAttributeValue(session, key, template, 6),
			 CKR_ATTRIBUTE_SENSITIVE);
	assert_int_equal(template[0].ulValueLen, 256);
	assert_true(modulus[0] & 0x80);
	for (int i = 1; i < 5; i++)
		assert_int_equal(template[i].ulValueLen, CK_UNAVAILABLE_INFORMATION);
	assert_int_equal(template[5].ulValueLen, 1);
	assert_memory_equal(secret, zeros, sizeof(secret));

	assert_int_equal(p11->C_GetAttributeValue(session, key, template + 3, 1),
			 CKR_ATTRIBUTE_TYPE_INVALID);
	template[4].ulValueLen = sizeof(small);
	assert_int_equal(p11->C_GetAttributeValue(session, key, template + 4, 1),
			 CKR_BUFFER_TOO_SMALL);
	assert_int_equal(template[4].ulValueLen, CK_UNAVAILABLE_INFORMATION);
	assert_int_equal(p11->C_GetAttributeValue(session, key, NULL, 1), CKR_ARGUMENTS_BAD);
	assert_int_equal(p11->C_GetAttributeValue(session, key, NULL, 0), CKR_OK);
	assert_int_equal(p11->C_GetAttributeValue(session, 99999, template, 1),
			 CKR_OBJECT_HANDLE_INVALID);
	assert_int_equal(p11->C_GetAttributeValue(99999, key, template, 1),
			 CKR_SESSION_HANDLE_INVALID);
	/* An object of the other token isn't one of this session's. */
	assert_int_equal(p11->C_GetAttributeValue(open_session(1, 0), key, template, 1),
			 CKR_OBJECT_HANDLE_INVALID);
	assert_int_equal(p11->C_GetObjectSize(session, public_key, &size), CKR_OK);
	assert_true(size > 256);
	assert_int_equal(p11->C_GetObjectSize(session, public_key, NULL), CKR_ARGUMENTS_BAD);
	assert_int_equal(p11->C_GetObjectSize(session, 99999, &size), CKR_OBJECT_HANDLE_INVALID);
}

static void check_bool(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
		       CK_BBOOL wanted)
{
	CK_BBOOL value = 7;

	assert_int_equal(read_attribute(session, object, type, BYTES_OF(&value)), 1);
	if (value != wanted)
		print_error("attribute 0x%lx\n", type);
	assert_int_equal(value, wanted);
}

static void test_private_key(void **state)
{
	static const struct {
		CK_ATTRIBUTE_TYPE type;
		CK_BBOOL value;
	} rows[] = {
		{ CKA_TOKEN, 1 },
		{ CKA_PRIVATE, 0 },
		{ CKA_SENSITIVE, 1 },
		{ CKA_EXTRACTABLE, 0 },
		{ CKA_ALWAYS_SENSITIVE, 0 },
		{ CKA_LOCAL, 0 },
		{ CKA_NEVER_EXTRACTABLE, 0 },
		{ CKA_SIGN, 1 },
		{ CKA_DECRYPT, 0 },
		{ CKA_SIGN_RECOVER, 0 },
		{ CKA_UNWRAP, 0 },
		{ CKA_DERIVE, 0 },
		{ CKA_MODIFIABLE, 1 },
		{ CKA_ALWAYS_AUTHENTICATE, 0 },
		{ CKA_DESTROYABLE, 1 },
	};
	CK_MECHANISM_TYPE mechanisms[16];
	uint8_t spki[512], wanted[16], *der;
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;
	EVP_PKEY *pkey;
	size_t length;

	write_some();
	session = open_session(0, 0);
	key = find_one(session, CKO_PRIVATE_KEY, "rsa2048");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_bool(session, key, rows[i].type, rows[i].value);
	assert_int_equal(read_attribute(session, key, CKA_ALLOWED_MECHANISMS, BYTES_OF(mechanisms)),
			 8 * sizeof(CK_MECHANISM_TYPE));
	assert_int_equal(mechanisms[0], CKM_RSA_PKCS);
	pkey = pki_key("rsa2048");
	der = spki_of(pkey, &length);
	assert_int_equal(read_attribute(session, key, CKA_PUBLIC_KEY_INFO, BYTES_OF(spki)), length);
	assert_memory_equal(spki, der, length);
	assert_int_equal(read_attribute(session, key, CKA_START_DATE, BYTES_OF(wanted)), 0);
	OPENSSL_free(der);
	EVP_PKEY_free(pkey);
	key = find_one(session, CKO_PRIVATE_KEY, "p521");
	assert_int_equal(read_attribute(session, key, CKA_ALLOWED_MECHANISMS, BYTES_OF(mechanisms)),
			 4 * sizeof(CK_MECHANISM_TYPE));
	assert_int_equal(read_attribute(session, key, CKA_EC_PARAMS, BYTES_OF(wanted)), 7);
	assert_memory_equal(wanted, "\x06\x05\x2b\x81\x04\x00\x23", 7);
}

static void test_public_key(void **state)
{
	/* What the token doesn't do. */
	static const CK_ATTRIBUTE_TYPE uses[] = { CKA_VERIFY, CKA_VERIFY_RECOVER, CKA_ENCRYPT,
						  CKA_WRAP, CKA_DERIVE };
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;
	uint8_t point[256];
	CK_ULONG bits;

	write_some();
	session = open_session(0, 0);
	key = find_one(session, CKO_PUBLIC_KEY, "rsa2048");
	read_attribute(session, key, CKA_MODULUS_BITS, BYTES_OF(&bits));
	assert_int_equal(bits, 2048);
	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++)
		check_bool(session, key, uses[i], CK_FALSE);
	check_bool(session, key, CKA_PRIVATE, CK_FALSE);
	check_bool(session, key, CKA_DESTROYABLE, CK_FALSE);
	assert_int_equal(read_attribute(session, key, CKA_ALLOWED_MECHANISMS, BYTES_OF(point)),
			 8 * sizeof(CK_MECHANISM_TYPE));
	key = find_one(session, CKO_PUBLIC_KEY, "p256");
	assert_int_equal(read_attribute(session, key, CKA_EC_POINT, BYTES_OF(point)), 67);
	assert_memory_equal(point, "\x04\x41\x04", 3);
	key = find_one(session, CKO_PUBLIC_KEY, "p521");
	assert_int_equal(read_attribute(session, key, CKA_EC_POINT, BYTES_OF(point)), 136);
	assert_memory_equal(point, "\x04\x81\x85\x04", 4);
}

static void test_certificate(void **state)
{
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE leaf, issuer;
	uint8_t value[4096], *der, subject[512], id[8];
	size_t length, subject_length;
	CK_ULONG category;
	CK_DATE date;

	write_some();
	session = open_session(0, 0);
	leaf = find_one(session, CKO_CERTIFICATE, "p256");
	issuer = find_one(session, CKO_CERTIFICATE, "issuing");
	der = pki_certificate("p256", &length);
	assert_int_equal(read_attribute(session, leaf, CKA_VALUE, BYTES_OF(value)), length);
	assert_memory_equal(value, der, length);
	free(der);
	assert_int_equal(read_attribute(session, leaf, CKA_ID, BYTES_OF(id)), 1);
	assert_int_equal(id[0], 0xa2);
	assert_int_equal(read_attribute(session, issuer, CKA_ID, BYTES_OF(id)), 2);
	subject_length = read_attribute(session, issuer, CKA_SUBJECT, BYTES_OF(subject));
	assert_int_equal(read_attribute(session, leaf, CKA_ISSUER, BYTES_OF(value)),
			 subject_length);
	assert_memory_equal(value, subject, subject_length);
	length = read_attribute(session, leaf, CKA_SERIAL_NUMBER, BYTES_OF(value));
	assert_int_equal(value[0], 0x02);
	assert_int_equal(value[1], length - 2);
	read_attribute(session, leaf, CKA_START_DATE, BYTES_OF(&date));
	assert_memory_equal(&date, "20200101", 8);
	read_attribute(session, leaf, CKA_CERTIFICATE_CATEGORY, BYTES_OF(&category));
	assert_int_equal(category, 1);
	read_attribute(session, issuer, CKA_CERTIFICATE_CATEGORY, BYTES_OF(&category));
	assert_int_equal(category, 2);
	assert_int_equal(read_attribute(session, leaf, CKA_CHECK_VALUE, BYTES_OF(value)), 3);
	/* Somebody else's: its key isn't here. */
	write_record(SCOPE_USER, &(struct test_record){ .pki = "second", .store = "none" });
	read_attribute(session, find_one(session, CKO_CERTIFICATE, "second"),
		       CKA_CERTIFICATE_CATEGORY, BYTES_OF(&category));
	assert_int_equal(category, 3);
	check_bool(session, leaf, CKA_TRUSTED, CK_FALSE);
	check_bool(session, issuer, CKA_DESTROYABLE, CK_FALSE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup, test_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_empty),
		TEST(test_classes),
		TEST(test_lone_ca_hides_chain),
		TEST(test_search_errors),
		TEST(test_search_by_any_attribute),
		TEST(test_labels),
		TEST(test_labels_that_coincide),
		TEST(test_search_in_steps),
		TEST(test_read_rules),
		TEST(test_private_key),
		TEST(test_public_key),
		TEST(test_certificate),
	};

	return cmocka_run_group_tests_name("objects", tests, NULL, NULL);
}
