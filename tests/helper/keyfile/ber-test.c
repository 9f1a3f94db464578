/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The BER reader at its edges, and keys in DER that lack something. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "keyfile/ber.h"
#include "keyfile/key-der.h"

#define BYTES(...) ((const uint8_t[]){ __VA_ARGS__ }), sizeof((const uint8_t[]){ __VA_ARGS__ })

static bool takes(const uint8_t *data, size_t length, struct ber_item *item)
{
	struct ber reader = { data, length };

	return ber_next(&reader, item);
}

static void lengths(void **state)
{
	struct ber_item item;

	assert_true(takes(BYTES(0x04, 0x00), &item));
	assert_int_equal(item.content.length, 0);
	assert_true(takes(BYTES(0x04, 0x81, 0x01, 0xaa), &item));
	assert_int_equal(item.content.data[0], 0xaa);
	/* More zeros than needed are BER all the same. */
	assert_true(takes(BYTES(0x04, 0x84, 0, 0, 0, 1, 0xaa), &item));
	assert_false(takes(BYTES(0x04), &item));
	assert_false(takes(BYTES(0x04, 0x01), &item));
	assert_false(takes(BYTES(0x04, 0x81), &item));
	assert_false(takes(BYTES(0x04, 0x84, 0xff, 0xff, 0xff, 0xff, 0), &item));
	assert_false(
		takes(BYTES(0x04, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0), &item));
	assert_false(takes(BYTES(0x04, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), &item));
	assert_false(takes(BYTES(0x1f, 0x81, 0x01, 0x00), &item));
}

static void indefinite(void **state)
{
	struct ber_item item;
	uint8_t deep[2 * (BER_DEPTH_MAX + 4)];
	AUTO_SECRET struct secret joined = SECRET_INIT;

	assert_true(takes(BYTES(0x30, 0x80, 0x02, 0x01, 0x05, 0, 0, 0x99), &item));
	assert_int_equal(item.content.length, 3);
	assert_int_equal(item.whole.length, 7);
	/* Only what is constructed may be of indefinite length, and it must end. */
	assert_false(takes(BYTES(0x04, 0x80, 0, 0), &item));
	assert_false(takes(BYTES(0x30, 0x80, 0x02, 0x01, 0x05), &item));
	assert_false(takes(BYTES(0x30, 0x80, 0x02, 0x01, 0x05, 0), &item));
	for (size_t i = 0; i < sizeof(deep); i += 2) {
		deep[i] = 0x30;
		deep[i + 1] = 0x80;
	}
	assert_false(takes(deep, sizeof(deep), &item));
	assert_true(takes(
		BYTES(0x24, 0x80, 0x04, 0x01, 'a', 0x24, 0x03, 0x04, 0x01, 'b', 0x04, 0x00, 0, 0),
		&item));
	assert_true(ber_join(&item, &joined));
	assert_int_equal(joined.length, 2);
	assert_memory_equal(joined.data, "ab", 2);
	assert_true(takes(BYTES(0x24, 0x03, 0x02, 0x01, 'a'), &item));
	assert_false(ber_join(&item, &joined));
}

static enum ber_number number(const uint8_t *data, size_t length, uint64_t *value)
{
	struct ber_item item;

	assert_true(takes(data, length, &item));
	return ber_uint(&item, value);
}

static void numbers(void **state)
{
	uint64_t value;

	assert_int_equal(number(BYTES(0x02, 0x01, 0x00), &value), BER_NUMBER_OK);
	assert_int_equal(value, 0);
	assert_int_equal(number(BYTES(0x02, 0x03, 0x00, 0x98, 0x96), &value), BER_NUMBER_OK);
	assert_int_equal(value, 0x9896);
	assert_int_equal(
		number(BYTES(0x02, 0x09, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
		       &value),
		BER_NUMBER_OK);
	assert_true(value == UINT64_MAX);
	assert_int_equal(number(BYTES(0x02, 0x09, 1, 0, 0, 0, 0, 0, 0, 0, 0), &value),
			 BER_NUMBER_HUGE);
	assert_int_equal(number(BYTES(0x02, 0x01, 0x80), &value), BER_NUMBER_BAD);
	assert_int_equal(number(BYTES(0x02, 0x00), &value), BER_NUMBER_BAD);
	assert_int_equal(number(BYTES(0x04, 0x01, 0x01), &value), BER_NUMBER_BAD);
}

static char *oid(const uint8_t *data, size_t length)
{
	struct ber_item item;

	assert_true(takes(data, length, &item));
	return ber_oid_text(&item);
}

static void identifiers(void **state)
{
	g_autofree char *rsa = oid(BYTES(0x06, 0x06, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d));
	g_autofree char *joint = oid(BYTES(0x06, 0x02, 0x88, 0x37));

	assert_string_equal(rsa, "1.2.840.113549");
	assert_string_equal(joint, "2.999");
	assert_null(oid(BYTES(0x06, 0x00)));
	assert_null(oid(BYTES(0x06, 0x01, 0x80)));
	assert_null(oid(BYTES(0x06, 0x0b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
			      0xff, 0x7f)));
	assert_null(oid(BYTES(0x04, 0x01, 0x2a)));
}

/* P-256, d = 1, as SEC1 without parameters and point. */
static void keys(void **state)
{
	static const uint8_t bare[] = { 0x30, 0x06, 0x02, 0x01, 0x01, 0x04, 0x01, 0x01 };
	static const uint8_t curve[] = {
		0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07
	};
	static const uint8_t point[65] = { 4, 1, 2, 3 };
	const struct ber parameters = { curve, sizeof(curve) };
	AUTO_SECRET struct secret pkcs8 = SECRET_INIT;
	AUTO_SECRET struct secret completed = SECRET_INIT;

	assert_int_equal(key_der_kind(bare, sizeof(bare)), KEY_DER_SEC1);
	/* Without its curve it is no key. */
	assert_false(key_der_to_pkcs8(bare, sizeof(bare), NULL, &pkcs8));
	assert_true(key_der_to_pkcs8(bare, sizeof(bare), &parameters, &pkcs8));
	assert_int_equal(key_der_kind(pkcs8.data, pkcs8.length), KEY_DER_PKCS8);
	assert_true(key_der_lacks_point(&pkcs8));
	assert_true(key_der_with_point(&pkcs8, point, sizeof(point), &completed));
	assert_false(key_der_lacks_point(&completed));
	assert_non_null(memmem(completed.data, completed.length, point, sizeof(point)));
	assert_int_equal(key_der_kind(BYTES(0x30, 0x00)), KEY_DER_UNKNOWN);
	assert_int_equal(key_der_kind(BYTES(0x30, 0x06, 0x02, 0x01, 0x02, 0x02, 0x01, 0x05)),
			 KEY_DER_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths), cmocka_unit_test(indefinite),
		cmocka_unit_test(numbers), cmocka_unit_test(identifiers),
		cmocka_unit_test(keys),
	};

	return cmocka_run_group_tests_name("ber", tests, NULL, NULL);
}
