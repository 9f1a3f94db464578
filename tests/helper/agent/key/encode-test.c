/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys as C_CreateObject brings them: a WRITE frame of their numbers, and what is missing or wrong
 * in it. */
#include <string.h>
#include <gnutls/x509.h>
#include <internal/cleanup.h>
#include "agent/key/encode.h"
#include "tests/helper/agent/support.h"
#include <internal/wire.h>

static void put(struct wire_frame *frame, enum wire_tag tag, const gnutls_datum_t *number)
{
	wire_put(frame, tag, number->data, number->size);
}

/* A WRITE frame of a key's numbers; `skip` leaves one out. */
static void frame_of(const char *name, enum wire_tag skip, struct wire_frame *frame)
{
	AUTO_SECRET struct secret pkcs8 = SECRET_INIT;
	gnutls_x509_privkey_t key;
	gnutls_datum_t in, n[8];
	static const enum wire_tag tags[] = { TAG_RSA_MODULUS,		TAG_RSA_PUBLIC_EXPONENT,
					      TAG_RSA_PRIVATE_EXPONENT, TAG_RSA_PRIME_1,
					      TAG_RSA_PRIME_2,		TAG_RSA_COEFFICIENT,
					      TAG_RSA_EXPONENT_1,	TAG_RSA_EXPONENT_2 };
	static const struct {
		const char *name;
		const char *oid;
		guint length;
	} curves[] = { { "p256", "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 10 },
		       { "p384", "\x06\x05\x2b\x81\x04\x00\x22", 7 },
		       { "p521", "\x06\x05\x2b\x81\x04\x00\x23", 7 } };

	pki_pkcs8(name, &pkcs8);
	in = (gnutls_datum_t){ pkcs8.data, (unsigned)pkcs8.length };
	assert_int_equal(gnutls_x509_privkey_init(&key), 0);
	assert_int_equal(gnutls_x509_privkey_import2(key, &in, GNUTLS_X509_FMT_DER, NULL, 0), 0);
	wire_begin(frame, WIRE_WRITE);
	wire_put_u32(frame, TAG_OBJECT, OBJECT_PRIVATE_KEY);
	if (gnutls_x509_privkey_get_pk_algorithm(key) == GNUTLS_PK_RSA) {
		wire_put_u32(frame, TAG_KEY_TYPE, KEY_RSA);
		assert_int_equal(gnutls_x509_privkey_export_rsa_raw2(key, &n[0], &n[1], &n[2],
								     &n[3], &n[4], &n[5], &n[6],
								     &n[7]),
				 0);
		for (gsize i = 0; i < 8; i++) {
			if (tags[i] != skip)
				put(frame, tags[i], &n[i]);
			gnutls_free(n[i].data);
		}
	} else {
		gnutls_ecc_curve_t curve;

		wire_put_u32(frame, TAG_KEY_TYPE, KEY_EC);
		assert_int_equal(
			gnutls_x509_privkey_export_ecc_raw(key, &curve, &n[0], &n[1], &n[2]), 0);
		for (gsize i = 0; i < G_N_ELEMENTS(curves); i++)
			if (strcmp(curves[i].name, name) == 0 && skip != TAG_EC_PARAMS)
				wire_put(frame, TAG_EC_PARAMS, curves[i].oid, curves[i].length);
		if (skip != TAG_EC_VALUE)
			put(frame, TAG_EC_VALUE, &n[2]);
		for (gsize i = 0; i < 3; i++)
			gnutls_free(n[i].data);
	}
	gnutls_x509_privkey_deinit(key);
}

static void test_from_frame(void **state)
{
	static const char *const names[] = {
		"rsa2048", "rsa3072", "rsa4096", "p256", "p384", "p521"
	};

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;
		AUTO_SECRET struct secret pkcs8 = SECRET_INIT;
		g_autoptr(GBytes) spki = pki_spki(names[i]), derived = NULL;
		GError *error = NULL;

		frame_of(names[i], 0, &frame);
		assert_int_equal(wire_finish(&frame), DEVID_OK);
		if (!key_pkcs8_from_frame(&frame, &pkcs8, &error))
			fail_msg("%s: %s", names[i], error->message);
		derived = key_spki_from_pkcs8(&pkcs8, NULL);
		assert_true(g_bytes_equal(spki, derived));
		assert_true(key_matches_spki(&pkcs8, spki, NULL));
	}
}

static void test_from_pkcs8_frame(void **state)
{
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;
	AUTO_SECRET struct secret pkcs8 = SECRET_INIT, given = SECRET_INIT;
	g_autoptr(GBytes) spki = pki_spki("p384");
	GError *error = NULL;

	pki_pkcs8("p384", &given);
	wire_begin(&frame, WIRE_WRITE);
	wire_put(&frame, TAG_PKCS8, given.data, given.length);
	assert_true(key_pkcs8_from_frame(&frame, &pkcs8, NULL));
	assert_true(key_matches_spki(&pkcs8, spki, NULL));
	wire_begin(&frame, WIRE_WRITE);
	wire_put(&frame, TAG_PKCS8, given.data, given.length - 1);
	assert_false(key_pkcs8_from_frame(&frame, &pkcs8, &error));
	assert_int_equal(error->code, DEVID_BAD_DATA);
	g_clear_error(&error);
}

static void refuse_frame(struct wire_frame *frame, enum devid_result result, const char *word)
{
	AUTO_SECRET struct secret pkcs8 = SECRET_INIT;
	GError *error = NULL;

	assert_int_equal(wire_finish(frame), DEVID_OK);
	assert_false(key_pkcs8_from_frame(frame, &pkcs8, &error));
	assert_int_equal(error->code, result);
	if (!strstr(error->message, word))
		fail_msg("%s", error->message);
	g_clear_error(&error);
}

static void test_frames_refused(void **state)
{
	static const enum wire_tag rsa[] = { TAG_RSA_MODULUS,	       TAG_RSA_PUBLIC_EXPONENT,
					     TAG_RSA_PRIVATE_EXPONENT, TAG_RSA_PRIME_1,
					     TAG_RSA_PRIME_2,	       TAG_RSA_COEFFICIENT,
					     TAG_RSA_EXPONENT_1,       TAG_RSA_EXPONENT_2 };
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;
	guint8 many[600];

	memset(many, 0xff, sizeof(many));
	for (gsize i = 0; i < G_N_ELEMENTS(rsa); i++) {
		frame_of("rsa2048", rsa[i], &frame);
		refuse_frame(&frame, DEVID_BAD_DATA, "is missing");
	}
	frame_of("rsa2048", TAG_RSA_MODULUS, &frame);
	wire_put(&frame, TAG_RSA_MODULUS, many, sizeof(many));
	refuse_frame(&frame, DEVID_UNSUPPORTED, "too long");
	frame_of("rsa1024", 0, &frame);
	refuse_frame(&frame, DEVID_UNSUPPORTED, "1024 bits");
	frame_of("p256", TAG_EC_PARAMS, &frame);
	refuse_frame(&frame, DEVID_BAD_DATA, "CKA_EC_PARAMS is missing");
	frame_of("p256", TAG_EC_VALUE, &frame);
	refuse_frame(&frame, DEVID_BAD_DATA, "CKA_VALUE is missing");
	/* The order and more; nothing. */
	frame_of("p256", TAG_EC_VALUE, &frame);
	wire_put(&frame, TAG_EC_VALUE, many, 32);
	refuse_frame(&frame, DEVID_BAD_DATA, "order");
	frame_of("p256", TAG_EC_VALUE, &frame);
	wire_put(&frame, TAG_EC_VALUE, "\0", 1);
	refuse_frame(&frame, DEVID_BAD_DATA, "order");
	/* secp256k1, explicit parameters, something after the name. */
	frame_of("p256", TAG_EC_PARAMS, &frame);
	wire_put(&frame, TAG_EC_PARAMS, "\x06\x05\x2b\x81\x04\x00\x0a", 7);
	refuse_frame(&frame, DEVID_UNSUPPORTED, "");
	frame_of("p256", TAG_EC_PARAMS, &frame);
	wire_put(&frame, TAG_EC_PARAMS, "\x30\x03\x02\x01\x01", 5);
	refuse_frame(&frame, DEVID_UNSUPPORTED, "names none");
	frame_of("p256", TAG_EC_PARAMS, &frame);
	wire_put(&frame, TAG_EC_PARAMS, "\x06\x05\x2b\x81\x04\x00\x22\x00", 8);
	refuse_frame(&frame, DEVID_UNSUPPORTED, "names none");
	wire_begin(&frame, WIRE_WRITE);
	refuse_frame(&frame, DEVID_UNSUPPORTED, "neither RSA");
	wire_begin(&frame, WIRE_WRITE);
	wire_put_u32(&frame, TAG_KEY_TYPE, 3);
	refuse_frame(&frame, DEVID_UNSUPPORTED, "neither RSA");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_from_frame),
		cmocka_unit_test(test_from_pkcs8_frame),
		cmocka_unit_test(test_frames_refused),
	};

	return cmocka_run_group_tests(tests, place_make, place_remove);
}
