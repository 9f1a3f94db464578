/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file of a TPM key: as ours is written, as others write theirs, and what is none. */
#include <string.h>
#include <openssl/pem.h>
#include "agent/key/tpm-file.h"
#include "base/error.h"
#include "tests/helper/agent/support.h"

#define LOADABLE "\x06\x06\x67\x81\x05\x0a\x01\x03"
#define IMPORT	 "\x06\x06\x67\x81\x05\x0a\x01\x04"
#define EMPTY	 "\xa0\x03\x01\x01\xff"
#define OWNER	 "\x02\x04\x40\x00\x00\x01"
#define SRK	 "\x02\x05\x00\x81\x00\x00\x01"
#define HALVES	 "\x04\x02\x00\x01\x04\x03\x00\x02\x03"

/* Each part has its length, for there are zero bytes. */
#define PART(text) text, sizeof(text) - 1

static char *pem_of(const char *label, const GByteArray *body)
{
	guint8 header[] = { 0x30, (guint8)body->len };
	g_autoptr(GByteArray) der = g_byte_array_new();
	BIO *bio = BIO_new(BIO_s_mem());
	char *text, *copy;
	long length;

	g_byte_array_append(der, header, sizeof(header));
	g_byte_array_append(der, body->data, body->len);
	assert_true(PEM_write_bio(bio, label, "", der->data, (long)der->len) > 0);
	length = BIO_get_mem_data(bio, &text);
	copy = g_strndup(text, (gsize)length);
	BIO_free(bio);
	return copy;
}

static char *make(const char *label, const char *part, gsize length, ...)
{
	g_autoptr(GByteArray) body = g_byte_array_new();
	va_list rest;

	va_start(rest, length);
	for (; part; part = va_arg(rest, const char *)) {
		if (length == 0)
			length = va_arg(rest, gsize);
		g_byte_array_append(body, (const guint8 *)part, (guint)length);
		length = 0;
	}
	va_end(rest);
	return pem_of(label, body);
}

#define MAKE(...) make("TSS2 PRIVATE KEY", __VA_ARGS__, NULL)

static enum devid_result read_text(char *text, struct tpm_file *file)
{
	g_autoptr(GError) error = NULL;
	enum devid_result result = DEVID_OK;

	if (!tpm_file_read(text, strlen(text), file, &error))
		result = devid_error_result(error);
	g_free(text);
	return result;
}

static void ours_is_read_back(void **state)
{
	struct tpm_file file = { true, TPM_PARENT_OWNER, g_bytes_new_static("\0\1", 2),
				 g_bytes_new_static("\0\2\3", 3), NULL };

	for (int i = 0; i < 4; i++) {
		AUTO_TPM_FILE struct tpm_file back = TPM_FILE_INIT;
		g_autoptr(GBytes) text = NULL;

		file.empty_auth = i & 1;
		file.parent = i & 2 ? TPM_PARENT_SRK : TPM_PARENT_OWNER;
		text = tpm_file_write(&file);
		assert_true(tpm_file_read(g_bytes_get_data(text, NULL), g_bytes_get_size(text),
					  &back, NULL));
		assert_int_equal(back.empty_auth, file.empty_auth);
		assert_int_equal(back.parent, file.parent);
		assert_true(g_bytes_equal(back.public, file.public));
		assert_true(g_bytes_equal(back.private, file.private));
	}
	tpm_file_clear(&file);
}

/* emptyAuth is true, false or not there; true is 0xff, and 0x01 of some. */
static void each_way_to_say_that_there_is_no_auth(void **state)
{
	static const struct {
		const char *der;
		gsize length;
		bool empty;
	} ways[] = { { PART(EMPTY), true },
		     { PART("\xa0\x03\x01\x01\x01"), true },
		     { PART("\xa0\x03\x01\x01\x00"), false } };

	for (gsize i = 0; i < G_N_ELEMENTS(ways); i++) {
		AUTO_TPM_FILE struct tpm_file file = TPM_FILE_INIT;

		assert_int_equal(read_text(MAKE(PART(LOADABLE), ways[i].der, ways[i].length,
						PART(OWNER), PART(HALVES)),
					   &file),
				 DEVID_OK);
		assert_int_equal(file.empty_auth, ways[i].empty);
	}

	AUTO_TPM_FILE struct tpm_file file = TPM_FILE_INIT;

	assert_int_equal(read_text(MAKE(PART(LOADABLE), PART(SRK), PART(HALVES)), &file), DEVID_OK);
	assert_false(file.empty_auth);
	assert_int_equal(file.parent, TPM_PARENT_SRK);
}

static void what_is_not_for_us(void **state)
{
	AUTO_TPM_FILE struct tpm_file file = TPM_FILE_INIT;

	/* importable; a policy; a seed; another parent; a key of another kind */
	assert_int_equal(
		read_text(MAKE(PART(IMPORT), PART(EMPTY), PART(OWNER), PART(HALVES)), &file),
		DEVID_UNSUPPORTED);
	assert_int_equal(
		read_text(MAKE(PART(LOADABLE), PART("\xa1\x02\x30\x00"), PART(OWNER), PART(HALVES)),
			  &file),
		DEVID_UNSUPPORTED);
	assert_int_equal(read_text(MAKE(PART(LOADABLE), PART("\xa2\x03\x04\x01\x00"), PART(OWNER),
					PART(HALVES)),
				   &file),
			 DEVID_UNSUPPORTED);
	assert_int_equal(
		read_text(MAKE(PART(LOADABLE), PART("\x02\x05\x00\x80\x00\x00\x01"), PART(HALVES)),
			  &file),
		DEVID_UNSUPPORTED);
	assert_int_equal(
		read_text(MAKE(PART(LOADABLE), PART("\x02\x04\x81\x00\x00\x01"), PART(HALVES)),
			  &file),
		DEVID_UNSUPPORTED);
	assert_null(file.public);
}

/* --- keys wrapped elsewhere */

static enum devid_result read_wrapped(char *pem, struct tpm_file *file)
{
	g_autoptr(GError) error = NULL;
	enum devid_result result = DEVID_OK;
	BIO *bio = BIO_new_mem_buf(pem, -1);
	unsigned char *der = NULL;
	long length = 0;

	assert_true(PEM_bytes_read_bio(&der, &length, NULL, "TSS2 PRIVATE KEY", bio, NULL, NULL) >
		    0);
	assert_true(tpm_file_is_wrapped(der, (gsize)length));
	tpm_file_clear(file);
	if (!tpm_file_read_wrapped(der, (gsize)length, file, &error))
		result = devid_error_result(error);
	OPENSSL_free(der);
	BIO_free(bio);
	g_free(pem);
	return result;
}

static char *write_text(const struct tpm_file *file)
{
	g_autoptr(GBytes) text = tpm_file_write(file);

	assert_non_null(text);
	return g_strndup(g_bytes_get_data(text, NULL), g_bytes_get_size(text));
}

static void what_is_wrapped_is_read_back(void **state)
{
	AUTO_TPM_FILE struct tpm_file back = TPM_FILE_INIT, none = TPM_FILE_INIT;
	struct tpm_file file = { true, TPM_PARENT_OWNER, g_bytes_new_static("\0\1", 2),
				 g_bytes_new_static("\0\2\3", 3), g_bytes_new_static("\0\4\5", 3) };

	assert_int_equal(read_wrapped(write_text(&file), &back), DEVID_OK);
	assert_true(g_bytes_equal(back.seed, file.seed));
	assert_true(g_bytes_equal(back.private, file.private));
	assert_true(back.empty_auth);
	/* Neither is taken for the other. */
	assert_int_equal(read_text(write_text(&file), &none), DEVID_UNSUPPORTED);
	g_clear_pointer(&file.seed, g_bytes_unref);
	assert_int_equal(read_wrapped(write_text(&file), &none), DEVID_UNSUPPORTED);
	tpm_file_clear(&file);
}

#define SEED "\xa2\x04\x04\x02\x00\x00"

static void what_no_tpm_could_import(void **state)
{
	AUTO_TPM_FILE struct tpm_file file = TPM_FILE_INIT;

	assert_int_equal(
		read_wrapped(MAKE(PART(IMPORT), PART(EMPTY), PART(SEED), PART(OWNER), PART(HALVES)),
			     &file),
		DEVID_OK);
	/* no seed; an authorisation; a policy; another parent; a byte too many */
	assert_int_equal(
		read_wrapped(MAKE(PART(IMPORT), PART(EMPTY), PART(OWNER), PART(HALVES)), &file),
		DEVID_BAD_DATA);
	assert_int_equal(
		read_wrapped(MAKE(PART(IMPORT), PART(SEED), PART(OWNER), PART(HALVES)), &file),
		DEVID_UNSUPPORTED);
	assert_int_equal(read_wrapped(MAKE(PART(IMPORT), PART(EMPTY), PART("\xa1\x02\x30\x00"),
					   PART(SEED), PART(OWNER), PART(HALVES)),
				      &file),
			 DEVID_UNSUPPORTED);
	assert_int_equal(read_wrapped(MAKE(PART(IMPORT), PART(EMPTY), PART(SEED),
					   PART("\x02\x04\x40\x00\x00\x0b"), PART(HALVES)),
				      &file),
			 DEVID_UNSUPPORTED);
	assert_int_equal(read_wrapped(MAKE(PART(IMPORT), PART(EMPTY), PART(SEED), PART(OWNER),
					   PART(HALVES), PART("\x05\x00")),
				      &file),
			 DEVID_BAD_DATA);
	assert_null(file.public);
	assert_false(tpm_file_is_wrapped("\x30\x03\x02\x01\x00", 5)); /* a PKCS#8's beginning */
	assert_false(tpm_file_is_wrapped("", 0));
	assert_false(tpm_file_is_wrapped("\x30\x02\x06", 3));
}

/* --- public areas */

static GBytes *read_public(const char *text, gsize length)
{
	g_autoptr(GError) error = NULL;
	GBytes *public = tpm_file_read_public(text, length, &error);

	assert_true(!public == (error && devid_error_result(error) == DEVID_BAD_DATA));
	return public;
}

static void a_public_area_is_bytes_or_pem(void **state)
{
	static const struct {
		const char *text;
		gsize length;
	} odd[] = { { PART("") },
		    { PART("\0\0") },
		    { PART("\0\3ab") },
		    { PART("\0\1ab") },
		    { PART("-----BEGIN TPM2B_PUBLIC-----\n!!\n-----END TPM2B_PUBLIC-----\n") },
		    { PART("-----BEGIN TPM2B_PUBLIC-----\nAAE=\n-----END TPM2B_PUBLIC-----\n") },
		    { PART("-----BEGIN PUBLIC KEY-----\nAAJhYg==\n-----END PUBLIC KEY-----\n") } };
	g_autoptr(GBytes) bytes = read_public(PART("\0\2ab"));
	g_autoptr(GBytes) pem = tpm_file_write_public(bytes);
	g_autoptr(GBytes) back = read_public(g_bytes_get_data(pem, NULL), g_bytes_get_size(pem));
	g_autofree char *large = g_strnfill(TPM_FILE_MAX + 1, 'x');

	assert_true(g_bytes_equal(bytes, back));
	for (gsize i = 0; i < G_N_ELEMENTS(odd); i++)
		assert_null(read_public(odd[i].text, odd[i].length));
	assert_null(read_public(large, TPM_FILE_MAX + 1));
}

static void what_is_damaged(void **state)
{
	AUTO_TPM_FILE struct tpm_file file = TPM_FILE_INIT;
	char *good = MAKE(PART(LOADABLE), PART(EMPTY), PART(OWNER), PART(HALVES));
	gsize length = strlen(good);

	for (gsize i = 0; i < length - 30; i++)
		assert_int_equal(read_text(g_strndup(good, i), &file), DEVID_BAD_DATA);
	g_free(good);
	assert_int_equal(read_text(MAKE(PART(LOADABLE), PART(EMPTY), PART(OWNER)), &file),
			 DEVID_BAD_DATA);
	assert_int_equal(
		read_text(MAKE(PART(LOADABLE), PART(OWNER), PART(HALVES), PART("\x05\x00")), &file),
		DEVID_BAD_DATA);
	assert_int_equal(
		read_text(make("PRIVATE KEY", PART(LOADABLE), PART(OWNER), PART(HALVES), NULL),
			  &file),
		DEVID_BAD_DATA);
	assert_int_equal(read_text(g_strnfill(TPM_FILE_MAX + 1, 'x'), &file), DEVID_BAD_DATA);
	assert_int_equal(read_text(g_strdup(""), &file), DEVID_BAD_DATA);
	assert_null(file.private);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ours_is_read_back),
		cmocka_unit_test(each_way_to_say_that_there_is_no_auth),
		cmocka_unit_test(what_is_not_for_us),
		cmocka_unit_test(what_is_damaged),
		cmocka_unit_test(what_is_wrapped_is_read_back),
		cmocka_unit_test(what_no_tpm_could_import),
		cmocka_unit_test(a_public_area_is_bytes_or_pem),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
