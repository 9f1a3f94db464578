/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The module's DER reader: what it slices lies inside what it was given, and is what it says. */
#include "fuzz.h"
#include "der.h"

static void check_inside(struct bytes part, struct bytes whole)
{
	FUZZ_CHECK(part.length > 0 && part.data >= whole.data && part.length <= whole.length &&
		   (size_t)(part.data - whole.data) <= whole.length - part.length);
}

static void check_key(struct bytes der)
{
	struct der_key key;

	if (!der_read_spki(der, &key))
		return;
	FUZZ_CHECK(key.type == 0 || key.type == KEY_RSA || key.type == KEY_EC);
	if (key.type == KEY_RSA) {
		check_inside(key.modulus, der);
		check_inside(key.exponent, der);
		FUZZ_CHECK(key.modulus.data[0] != 0 && key.bits <= key.modulus.length * 8 &&
			   key.bits > (key.modulus.length - 1) * 8);
	} else if (key.type == KEY_EC) {
		check_inside(key.curve, der);
		check_inside(key.point, der);
		FUZZ_CHECK(key.point.length == 1 + 2 * ((key.bits + 7) / 8));
	}
}

static void check_curve(struct bytes der)
{
	unsigned bits;

	if (der_read_curve(der, &bits))
		FUZZ_CHECK(der.data[0] == 0x06 &&
			   (bits == 0 || bits == 256 || bits == 384 || bits == 521));
	else
		FUZZ_CHECK(bits == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes der = { data, size };
	struct der_certificate certificate;

	check_key(der);
	check_curve(der);
	if (!der_read_certificate(der, &certificate))
		return 0;
	check_inside(certificate.serial, der);
	check_inside(certificate.issuer, der);
	check_inside(certificate.subject, der);
	check_inside(certificate.spki, der);
	for (size_t i = 0; i < DER_DATE; i++)
		FUZZ_CHECK(certificate.not_before[i] >= '0' && certificate.not_before[i] <= '9' &&
			   certificate.not_after[i] >= '0' && certificate.not_after[i] <= '9');
	check_key(certificate.spki);
	return 0;
}
