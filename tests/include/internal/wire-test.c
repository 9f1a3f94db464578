/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames: built, judged, read; and every way in which one can lie about its lengths. */
#include <stdlib.h>
#include "unit.h"
#include <internal/wire.h>

static void build(struct wire_frame *frame)
{
	wire_begin(frame, WIRE_IMPORT);
	wire_put_u32(frame, TAG_PHASE, PHASE_COMMIT);
	wire_put_text(frame, TAG_LABEL, "laptop");
	wire_put_text(frame, TAG_HINT, NULL);
	wire_put(frame, TAG_CERTIFICATE, "one", 3);
	wire_put(frame, TAG_CERTIFICATE, "", 0);
	wire_put(frame, TAG_CERTIFICATE, "three", 5);
	assert_result(wire_finish(frame), DEVID_OK);
}

/* A frame of these bytes, as they would come from the socket. */
static void load(struct wire_frame *frame, const void *bytes, size_t length)
{
	assert_result(secret_allocate(&frame->bytes, length), DEVID_OK);
	assert_result(secret_append(&frame->bytes, bytes, length), DEVID_OK);
}

static void goes_there_and_back(void **state)
{
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;
	struct wire_field field;
	uint32_t value;
	char *text;

	build(&frame);
	assert_result(wire_validate(&frame), DEVID_OK);
	assert_int_equal(wire_type(&frame), WIRE_IMPORT);
	assert_true(wire_get_u32(&frame, TAG_PHASE, &value));
	assert_int_equal(value, PHASE_COMMIT);
	text = wire_get_text(&frame, TAG_LABEL);
	assert_string_equal(text, "laptop");
	free(text);
	assert_true(wire_get(&frame, TAG_CERTIFICATE, &field));
	assert_int_equal(field.length, 3);
	assert_memory_equal(field.data, "one", 3);
	assert_true(wire_next(&frame, &field));
	assert_int_equal(field.length, 0);
	assert_true(wire_next(&frame, &field));
	assert_memory_equal(field.data, "three", 5);
	assert_false(wire_next(&frame, &field));
	assert_false(wire_get(&frame, TAG_HINT, &field));
	assert_null(wire_get_text(&frame, TAG_HINT));
}

static void its_bytes_are_fixed(void **state)
{
	static const uint8_t expected[] = { 12, 0, 0, 0, 1, 2, 0, 0, 13, 0,
					    0,	0, 4, 0, 0, 0, 4, 3, 2,	 1 };
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;

	wire_begin(&frame, WIRE_SIGN);
	wire_put_u32(&frame, TAG_SCHEME, 0x01020304);
	assert_result(wire_finish(&frame), DEVID_OK);
	assert_int_equal(frame.bytes.length, sizeof(expected));
	assert_memory_equal(frame.bytes.data, expected, sizeof(expected));
	wire_begin(&frame, WIRE_HELLO);
	assert_result(wire_finish(&frame), DEVID_OK);
	assert_memory_equal(frame.bytes.data, "\0\0\0\0\0\1\0\0", 8);
	assert_int_equal(frame.bytes.length, 8);
}

static void wrong_values_are_absent(void **state)
{
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;
	uint32_t value = 7;

	wire_begin(&frame, WIRE_SIGN);
	wire_put(&frame, TAG_SCHEME, "abc", 3);
	wire_put(&frame, TAG_DIGEST, "abcde", 5);
	wire_put(&frame, TAG_PSS_SALT, "", 0);
	wire_put(&frame, TAG_LABEL, "a\0b", 3);
	assert_result(wire_finish(&frame), DEVID_OK);
	assert_result(wire_validate(&frame), DEVID_OK);
	assert_false(wire_get_u32(&frame, TAG_SCHEME, &value));
	assert_false(wire_get_u32(&frame, TAG_DIGEST, &value));
	assert_false(wire_get_u32(&frame, TAG_PSS_SALT, &value));
	assert_false(wire_get_u32(&frame, TAG_MORE, &value));
	assert_int_equal(value, 7);
	assert_null(wire_get_text(&frame, TAG_LABEL));
}

static void the_largest_passes_and_one_more_does_not(void **state)
{
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;
	uint8_t *data = calloc(1, WIRE_FRAME_MAX + 1);

	assert_non_null(data);
	wire_begin(&frame, WIRE_SIGN);
	wire_put(&frame, TAG_DATA, data, WIRE_BODY_MAX - 8);
	assert_result(wire_finish(&frame), DEVID_OK);
	assert_int_equal(frame.bytes.length, WIRE_FRAME_MAX);
	assert_result(wire_validate(&frame), DEVID_OK);
	wire_begin(&frame, WIRE_SIGN);
	wire_put(&frame, TAG_DATA, data, WIRE_BODY_MAX - 7);
	wire_put_u32(&frame, TAG_MORE, 1); /* the first failure stays */
	assert_result(wire_finish(&frame), DEVID_TOO_LARGE);
	wire_begin(&frame, WIRE_SIGN);
	wire_put(&frame, TAG_DATA, data, SIZE_MAX);
	assert_result(wire_finish(&frame), DEVID_TOO_LARGE);
	wire_begin(&frame, WIRE_SIGN);
	assert_result(wire_finish(&frame), DEVID_OK);
	free(data);
}

static void reused_memory_keeps_nothing(void **state)
{
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;
	const uint8_t *data;

	build(&frame);
	data = frame.bytes.data;
	wire_begin(&frame, WIRE_STATUS);
	assert_result(wire_finish(&frame), DEVID_OK);
	assert_ptr_equal(frame.bytes.data, data);
	for (size_t i = WIRE_HEADER; i < frame.bytes.size; i++)
		assert_int_equal(data[i], 0);
}

static void headers_are_judged(void **state)
{
	static const struct {
		uint8_t bytes[8];
		bool good;
	} rows[] = {
		{ { 0, 0, 0, 0, 1, 2, 0, 0 }, true },
		{ { 0, 0, 0, 0, 0, 1, 0, 0 }, true },	    /* HELLO */
		{ { 0, 0, 0, 0, 0, 64, 0, 0 }, true },	    /* REPLY */
		{ { 0, 0, 0, 0, 1, 65, 0, 0 }, true },	    /* PROGRESS */
		{ { 0xf8, 0xff, 0, 0, 1, 2, 0, 0 }, true }, /* the largest */
		{ { 0xf9, 0xff, 0, 0, 1, 2, 0, 0 }, false },
		{ { 0xff, 0xff, 0xff, 0xff, 1, 2, 0, 0 }, false },
		{ { 0, 0, 1, 0, 1, 2, 0, 0 }, false },
		{ { 0, 0, 0, 0, 1, 1, 0, 0 }, false }, /* a HELLO with a version */
		{ { 0, 0, 0, 0, 1, 64, 0, 0 }, false },
		{ { 0, 0, 0, 0, 0, 2, 0, 0 }, false },
		{ { 0, 0, 0, 0, 2, 2, 0, 0 }, false },
		{ { 0, 0, 0, 0, 255, 2, 0, 0 }, false },
		{ { 0, 0, 0, 0, 1, 0, 0, 0 }, false },
		{ { 0, 0, 0, 0, 1, 9, 0, 0 }, true }, /* REFUSED */
		{ { 0, 0, 0, 0, 0, 9, 0, 0 }, false },
		{ { 0, 0, 0, 0, 1, 11, 0, 0 }, true }, /* CERTIFY */
		{ { 0, 0, 0, 0, 1, 12, 0, 0 }, true }, /* WRAP */
		{ { 0, 0, 0, 0, 1, 13, 0, 0 }, true }, /* TPM */
		{ { 0, 0, 0, 0, 1, 14, 0, 0 }, false },
		{ { 0, 0, 0, 0, 1, 63, 0, 0 }, false },
		{ { 0, 0, 0, 0, 1, 66, 0, 0 }, false },
		{ { 0, 0, 0, 0, 1, 255, 0, 0 }, false },
		{ { 0, 0, 0, 0, 1, 2, 1, 0 }, false },
		{ { 0, 0, 0, 0, 1, 2, 0, 1 }, false },
		{ { 'G', 'E', 'T', ' ', '/', ' ', 'H', 'T' }, false },
	};
	enum wire_type type;
	size_t length;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(wire_parse_header(rows[i].bytes, &type, &length),
				 rows[i].good ? DEVID_OK : DEVID_BAD_DATA);
}

/* Cut at every byte: with its own length the frame is short, with a mended one its fields are. */
static void every_cut_is_seen(void **state)
{
	AUTO_FRAME struct wire_frame whole = WIRE_FRAME_INIT;
	AUTO_FRAME struct wire_frame cut = WIRE_FRAME_INIT;
	/* Where a field ends, a mended frame is a good one. */
	static const size_t good[] = { 8, 20, 34, 45, 53 };

	build(&whole);
	for (size_t length = 0; length < whole.bytes.length; length++) {
		bool at_end = false;

		load(&cut, whole.bytes.data, length);
		assert_result(wire_validate(&cut), DEVID_BAD_DATA);
		if (length < WIRE_HEADER)
			continue;
		cut.bytes.data[0] = (uint8_t)(length - WIRE_HEADER);
		for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
			at_end |= good[i] == length;
		assert_int_equal(wire_validate(&cut), at_end ? DEVID_OK : DEVID_BAD_DATA);
	}
}

static void fields_that_overrun_are_seen(void **state)
{
	static const uint32_t lengths[] = { 6,		7,	    255,	256,
					    65535,	65536,	    0x7fffffff, 0x80000000,
					    0xfffffff0, 0xfffffff8, 0xffffffff };
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		wire_begin(&frame, WIRE_SIGN);
		wire_put(&frame, TAG_DATA, "12345", 5);
		assert_result(wire_finish(&frame), DEVID_OK);
		memcpy(frame.bytes.data + 12, &lengths[i], 4);
		assert_result(wire_validate(&frame), DEVID_BAD_DATA);
	}
	wire_begin(&frame, WIRE_SIGN);
	wire_put(&frame, TAG_DATA, "12345", 5);
	assert_result(wire_finish(&frame), DEVID_OK);
	frame.bytes.data[10] = 1; /* reserved */
	assert_result(wire_validate(&frame), DEVID_BAD_DATA);
	frame.bytes.data[10] = 0;
	frame.bytes.data[0]++; /* longer than it is */
	assert_result(wire_validate(&frame), DEVID_BAD_DATA);
	frame.bytes.data[0] -= 2;
	assert_result(wire_validate(&frame), DEVID_BAD_DATA);
}

static void unknown_tags_are_skipped(void **state)
{
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;
	uint32_t value;

	wire_begin(&frame, WIRE_SIGN);
	wire_put(&frame, (enum wire_tag)999, "future", 6);
	wire_put(&frame, (enum wire_tag)0, "nothing", 7);
	wire_put_u32(&frame, TAG_SCHEME, SCHEME_ECDSA);
	assert_result(wire_finish(&frame), DEVID_OK);
	assert_result(wire_validate(&frame), DEVID_OK);
	assert_true(wire_get_u32(&frame, TAG_SCHEME, &value));
	assert_int_equal(value, SCHEME_ECDSA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_there_and_back),
		cmocka_unit_test(its_bytes_are_fixed),
		cmocka_unit_test(wrong_values_are_absent),
		cmocka_unit_test(the_largest_passes_and_one_more_does_not),
		cmocka_unit_test(reused_memory_keeps_nothing),
		cmocka_unit_test(headers_are_judged),
		cmocka_unit_test(every_cut_is_seen),
		cmocka_unit_test(fields_that_overrun_are_seen),
		cmocka_unit_test(unknown_tags_are_skipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
