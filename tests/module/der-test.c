/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The DER reader on certificates and keys that are what they should be, and on ones that aren't. */
#include <stdlib.h>
#include <string.h>
#include "der.h"
#include "support.h"

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static struct bytes certificate_of(const char *name)
{
	size_t length;
	const uint8_t *data = pki_certificate(name, &length);

	return (struct bytes){ data, length };
}

static void test_certificates(void **state)
{
	static const struct {
		const char *name, *not_before, *not_after;
		bool ca;
		enum wire_key_type type;
		unsigned bits;
	} rows[] = {
		{ "rsa2048", "20200101", "20491231", false, KEY_RSA, 2048 },
		{ "rsa3072", "20200101", "20491231", false, KEY_RSA, 3072 },
		{ "rsa4096", "20200101", "20491231", false, KEY_RSA, 4096 },
		{ "rsa1024", "20200101", "20491231", false, KEY_RSA, 1024 },
		{ "p256", "20200101", "20491231", false, KEY_EC, 256 },
		{ "p384", "20200101", "20491231", false, KEY_EC, 384 },
		{ "p521", "20200101", "20491231", false, KEY_EC, 521 },
		{ "ed25519", "20200101", "20491231", false, 0, 0 },
		{ "root", "20200101", "20491231", true, KEY_RSA, 2048 },
		{ "issuing", "20200101", "20491231", true, KEY_RSA, 2048 },
		{ "expired", "20200101", "20210101", false, KEY_EC, 256 },
		{ "future", "20480101", "20491231", false, KEY_EC, 256 },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct bytes der = certificate_of(rows[i].name);
		struct der_certificate certificate;
		struct der_key key;

		assert_true(der_read_certificate(der, &certificate));
		assert_memory_equal(certificate.not_before, rows[i].not_before, 8);
		assert_memory_equal(certificate.not_after, rows[i].not_after, 8);
		assert_int_equal(certificate.ca, rows[i].ca);
		assert_true(der_read_spki(certificate.spki, &key));
		assert_int_equal(key.type, rows[i].type);
		assert_int_equal(key.bits, rows[i].bits);
		free((void *)(uintptr_t)der.data);
	}
}

/* Each length but the right one, and each byte of the structure changed. */
static void test_damage(void **state)
{
	struct bytes der = certificate_of("p256");
	struct der_certificate certificate;
	uint8_t *copy = malloc(der.length + 1);
	unsigned refused = 0;

	memcpy(copy, der.data, der.length);
	copy[der.length] = 0;
	assert_false(der_read_certificate((struct bytes){ copy, der.length + 1 }, &certificate));
	for (size_t length = 0; length < der.length; length++) {
		/* exactly that much memory: an overrun shows with a sanitizer */
		uint8_t *cut = malloc(length ? length : 1);

		memcpy(cut, der.data, length);
		assert_false(der_read_certificate((struct bytes){ cut, length }, &certificate));
		free(cut);
	}
	for (size_t at = 0; at < der.length; at++) {
		copy[at] ^= 0x55;
		refused += !der_read_certificate((struct bytes){ copy, der.length }, &certificate);
		copy[at] ^= 0x55;
	}
	assert_true(refused > 50);
	free(copy);
	free((void *)(uintptr_t)der.data);
}

static const struct {
	const char *what, *hex;
} refused[] = {
	{ "nothing", "" },
	{ "a tag alone", "30" },
	{ "indefinite length", "30800000" },
	{ "a length of four bytes", "308400000002" },
	{ "a length that isn't minimal", "308103020100" },
	{ "a length with a leading zero", "30820003020100" },
	{ "a tag of two bytes", "3f010100" },
	{ "an integer", "020101" },
	{ "an empty sequence", "3000" },
	/* keys */
	{ "no unused-bits byte", "300a300606042a0304050300" },
	{ "unused bits", "300d300606042a0304050303010000" },
	{ "a modulus of zero", "301a300d06092a864886f70d01010105000309003006020100020103" },
	{ "a negative modulus", "301a300d06092a864886f70d01010105000309003006020180020103" },
	{ "a P-256 point that is too short",
	  "301a301306072a8648ce3d020106082a8648ce3d0301070303000400" },
	{ "a compressed P-256 point",
	  "3039301306072a8648ce3d020106082a8648ce3d03010703220002"
	  "0102030405060708010203040506070801020304050607080102030405060708" },
};

static void test_refused(void **state)
{
	struct der_certificate certificate;
	struct der_key key;
	uint8_t der[256];

	for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
		size_t length = strlen(refused[i].hex) / 2;

		assert_true(hex_decode(refused[i].hex, 2 * length, der));
		if (der_read_certificate((struct bytes){ der, length }, &certificate) ||
		    der_read_spki((struct bytes){ der, length }, &key))
			fail_msg("%s is read", refused[i].what);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_certificates),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests_name("der", tests, NULL, NULL);
}
