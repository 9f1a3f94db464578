/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records written are records read, whatever is in them; what can't be read back is not written. */
#include <stdlib.h>
#include <string.h>
#include "agent/identity/record-write.h"
#include "identities.h"

/* DER of a SEQUENCE with `length` bytes inside. */
static struct record_bytes sequence(size_t length, guint8 fill)
{
	struct record_bytes bytes = { g_malloc(length + 4), length + 4 };

	memcpy(bytes.data, (guint8[]){ 0x30, 0x82, (guint8)(length >> 8), (guint8)length }, 4);
	memset(bytes.data + 4, fill, length);
	return bytes;
}

static struct record_bytes octets(size_t length, guint8 fill)
{
	struct record_bytes bytes = { g_malloc(length), length };

	memset(bytes.data, fill, length);
	return bytes;
}

static struct record make_record(const char *label, size_t chain)
{
	struct record record = { 0 };

	strcpy(record.name, "0123456789abcdef");
	record.label = g_strdup(label);
	record.id = octets(20, 0xab);
	record.store = g_strdup("file");
	memset(record.spki_hash, 0x5a, sizeof(record.spki_hash));
	record.spki = sequence(300, 1);
	record.imported = g_strdup("2026-11-22T10:00:00Z");
	memcpy(record.check_value, "\x01\x02\x03", 3);
	record.leaf = sequence(800, 2);
	record.chain_count = chain;
	for (size_t i = 0; i < chain; i++) {
		record.chain[i].certificate = sequence(700 + i, (guint8)i);
		record.chain[i].id = octets(i + 1, (guint8)i);
		record.chain[i].label = g_strdup_printf("CA number %zu", i);
	}
	return record;
}

static GBytes *format(const struct record *record)
{
	g_autoptr(GError) error = NULL;
	GBytes *text = record_format(record, &error);

	if (!text)
		fail_msg("%s", error->message);
	return text;
}

/* record_format() compares itself; this compares what came out of it. */
static void assert_round_trip(const struct record *record)
{
	g_autoptr(GBytes) text = format(record);
	g_autoptr(GBytes) again = NULL;
	struct record back;

	assert_int_equal(
		record_parse(g_bytes_get_data(text, NULL), g_bytes_get_size(text), &back, NULL),
		DEVID_OK);
	assert_string_equal(back.label, record->label);
	assert_string_equal(record_key_label(&back), record_key_label(record));
	assert_string_equal(record_public_key_label(&back), record_public_key_label(record));
	assert_int_equal(back.chain_count, record->chain_count);
	assert_int_equal(back.size_accepted, record->size_accepted);
	assert_int_equal(g_strcmp0(back.auth, record->auth), 0);
	again = format(&back);
	assert_true(g_bytes_equal(text, again));
	record_clear(&back);
}

static void with_chains(void **state)
{
	for (size_t chain = 0; chain <= RECORD_CHAIN_MAX; chain++) {
		struct record record = make_record("laptop-042", chain);

		assert_round_trip(&record);
		record.size_accepted = true;
		record.auth = g_strdup("credential");
		assert_round_trip(&record);
		record_clear(&record);
	}
}

static void with_labels(void **state)
{
	g_autofree char *longest = g_strnfill(RECORD_LABEL_MAX, 'x');
	const char *const labels[] = { "a",	  " spaces ",	   "日本語 ノート", "a: b: c",
				       "100%s%n", "ünïcödé \"q\"", longest };

	for (size_t i = 0; i < G_N_ELEMENTS(labels); i++) {
		struct record record = make_record(labels[i], 1);

		assert_round_trip(&record);
		record.key_label = g_strdup(labels[G_N_ELEMENTS(labels) - 1 - i]);
		assert_round_trip(&record);
		record.public_key_label = g_strdup(labels[0]);
		assert_round_trip(&record);
		g_clear_pointer(&record.key_label, g_free);
		assert_round_trip(&record);
		record_clear(&record);
	}
}

static void lone_halves(void **state)
{
	struct record record = make_record("key alone", 0);

	free(record.leaf.data);
	record.leaf = (struct record_bytes){ NULL, 0 };
	assert_round_trip(&record);
	record_clear(&record);
	record = make_record("certificate alone", 2);
	free(record.store);
	record.store = g_strdup("none");
	assert_round_trip(&record);
	record_clear(&record);
}

static void what_would_not_come_back_is_refused(void **state)
{
	static const char *const labels[] = { "", "new\nline", "a\x1b[31m", "\xff\xfe", "cr\r" };
	struct record record;

	for (size_t i = 0; i < G_N_ELEMENTS(labels); i++) {
		record = make_record(labels[i], 0);
		assert_null(record_format(&record, NULL));
		record_clear(&record);
		record = make_record("good", 0);
		record.key_label = g_strdup(labels[i]);
		assert_null(record_format(&record, NULL));
		record.public_key_label = g_steal_pointer(&record.key_label);
		assert_null(record_format(&record, NULL));
		record_clear(&record);
	}
	record = make_record("no id", 0);
	record.id.length = 0;
	assert_null(record_format(&record, NULL));
	record_clear(&record);
	record = make_record("bad leaf", 0);
	record.leaf.data[0] = 0x31;
	assert_null(record_format(&record, NULL));
	record_clear(&record);
	record = make_record("too large", 8);
	for (size_t i = 0; i < 8; i++) {
		free(record.chain[i].certificate.data);
		record.chain[i].certificate = sequence(60000, 7);
	}
	assert_null(record_format(&record, NULL));
	record_clear(&record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_chains),
		cmocka_unit_test(with_labels),
		cmocka_unit_test(lone_halves),
		cmocka_unit_test(what_would_not_come_back_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
