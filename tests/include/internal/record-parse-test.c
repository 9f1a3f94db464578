/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* record_parse(): one good record, and every way to spoil it. */
#include <stdio.h>
#include <stdlib.h>
#include "unit.h"
#include <internal/record.h>

#define PEM "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n"

/* The text with the first `what` replaced by `with`; to be freed. */
static char *replaced(const char *text, const char *what, const char *with)
{
	const char *at = strstr(text, what);
	char *result;

	assert_non_null(at);
	assert_true(asprintf(&result, "%.*s%s%s", (int)(at - text), text, with, at + strlen(what)) >
		    0);
	return result;
}

static void expect_bad(const char *text, size_t length, unsigned expected_line)
{
	struct record record;
	unsigned line = 4711;

	/* A copy of exactly that size: what is read beyond it is seen by the sanitizer. */
	char *exact = malloc(length ? length : 1);

	assert_non_null(exact);
	memcpy(exact, text, length);
	assert_result(record_parse(exact, length, &record, &line), DEVID_BAD_DATA);
	if (expected_line)
		assert_int_equal(line, expected_line);
	assert_null(record.label);
	assert_null(record.id.data);
	assert_int_equal(record.chain_count, 0);
	record_clear(&record);
	free(exact);
}

static void reads_all_values(void **state)
{
	char *text = sample_record("laptop \xe6\x97\xa5: 042", "0A1b", 2);
	struct record record;
	unsigned line = 1;

	assert_result(record_parse(text, strlen(text), &record, &line), DEVID_OK);
	assert_int_equal(line, 0);
	assert_string_equal(record.label, "laptop \xe6\x97\xa5: 042");
	assert_int_equal(record.id.length, 2);
	assert_memory_equal(record.id.data, "\x0a\x1b", 2);
	assert_string_equal(record.store, "keyring");
	assert_string_equal(record.imported, "2026-11-22T10:00:00Z");
	assert_int_equal(record.spki_hash[31], 0x1f);
	assert_int_equal(record.spki.length, 5);
	assert_int_equal(record.leaf.length, 5);
	assert_memory_equal(record.check_value, "\x1a\x2b\x3c", 3);
	assert_false(record.size_accepted);
	assert_int_equal(record.chain_count, 2);
	assert_string_equal(record.chain[1].label, "CA 1");
	assert_memory_equal(record.chain[1].id.data, "\xc0\x01", 2);
	assert_int_equal(record.chain[1].check_value[2], 1);
	assert_int_equal(record.chain[1].certificate.length, 5);
	assert_true(record_has_key(&record));
	record_clear(&record);
	record_clear(&record);
	free(text);
}

static void expect_good(char *text, void (*look)(const struct record *record))
{
	struct record record;

	assert_result(record_parse(text, strlen(text), &record, NULL), DEVID_OK);
	if (look)
		look(&record);
	record_clear(&record);
	free(text);
}

static void has_no_leaf(const struct record *record)
{
	assert_int_equal(record->leaf.length, 0);
	assert_null(record->leaf.data);
}

static void has_no_key(const struct record *record)
{
	assert_false(record_has_key(record));
}

static void has_one_label(const struct record *record)
{
	assert_null(record->key_label);
	assert_null(record->public_key_label);
	assert_string_equal(record_key_label(record), "x");
	assert_string_equal(record_public_key_label(record), "x");
}

static void has_a_key_label(const struct record *record)
{
	assert_string_equal(record->label, "x");
	assert_string_equal(record_key_label(record), "\xe9\x8d\xb5: 1");
	assert_string_equal(record_public_key_label(record), "\xe9\x8d\xb5: 1");
}

static void has_a_public_key_label(const struct record *record)
{
	assert_string_equal(record_key_label(record), "x");
	assert_string_equal(record_public_key_label(record), "p");
}

static void has_three_labels(const struct record *record)
{
	assert_string_equal(record->label, "x");
	assert_string_equal(record_key_label(record), "k");
	assert_string_equal(record_public_key_label(record), "p");
}

static void has_accepted_size(const struct record *record)
{
	assert_true(record->size_accepted);
}

static void takes_what_may_differ(void **state)
{
	char *text = sample_record("x", "01", 0);

	expect_good(replaced(text, "\n\n" PEM, "\nLeaf: no\n"), has_no_leaf);
	expect_good(replaced(text, "Check-Value: 1a2b3c\n\n" PEM, "Leaf: no\n\n"), has_no_leaf);
	expect_good(replaced(text, "Store: keyring", "Store: none"), has_no_key);
	expect_good(replaced(text, "Store: keyring", "Store: tpm"), NULL);
	expect_good(replaced(text, "Label: x\n", "Label: x\nSize-Accepted: yes\n"),
		    has_accepted_size);
	expect_good(replaced(text, "Label: x\n", "Label: x\nColour: blue\nColour: red\n"), NULL);
	/* Records from before keys had labels of their own. */
	expect_good(strdup(text), has_one_label);
	expect_good(replaced(text, "Label: x\n", "Label: x\nKey-Label: \xe9\x8d\xb5: 1\n"),
		    has_a_key_label);
	expect_good(replaced(text, "Label: x\n", "Public-Key-Label: p\nLabel: x\n"),
		    has_a_public_key_label);
	expect_good(replaced(text, "Label: x\n", "Label: x\nPublic-Key-Label: p\nKey-Label: k\n"),
		    has_three_labels);
	expect_good(replaced(text, "Label: x\n", "Label: : \n"), NULL);
	expect_good(replaced(text, "\n" PEM, "\n\n\n" PEM "\n\n"), NULL);
	free(text);
	expect_good(sample_record("x", "01", RECORD_CHAIN_MAX), NULL);
}

static void refuses_every_cut(void **state)
{
	char *text = sample_record("laptop", "0a1b", 2);
	size_t length = strlen(text);

	for (size_t cut = 0; cut < length; cut++)
		expect_bad(text, cut, 0);
	free(text);
	text = sample_record("laptop", "0a1b", 0);
	for (size_t cut = 0; cut < strlen(text); cut++)
		expect_bad(text, cut, 0);
	free(text);
}

/* Any one byte replaced by NUL, CR, a control character or half a UTF-8 character. */
static void refuses_every_bad_byte(void **state)
{
	static const char bad[] = { '\0', '\r', '\x1b', '\x7f', '\xc3', '\xff' };
	char *text = sample_record("laptop", "0a1b", 1);
	size_t length = strlen(text);

	for (size_t at = 0; at < length; at++) {
		char kept = text[at];

		for (size_t i = 0; i < sizeof(bad); i++) {
			text[at] = bad[i];
			expect_bad(text, length, 0);
		}
		text[at] = kept;
	}
	free(text);
}

static void refuses_windows_line_ends(void **state)
{
	char *text = sample_record("laptop", "0a1b", 0);
	char crlf[4096];
	size_t length = 0;

	for (const char *c = text; *c; c++) {
		if (*c == '\n')
			crlf[length++] = '\r';
		crlf[length++] = *c;
	}
	expect_bad(crlf, length, 1);
	free(text);
}

struct spoiled {
	const char *what, *with;
	unsigned line; /* 0: not looked at */
};

static void refuses_spoiled_headers(void **state)
{
	static const struct spoiled rows[] = {
		{ "Devid-Identity: 1", "Devid-Identity: 0", 1 },
		{ "Devid-Identity: 1", "Devid-Identity: 01", 1 },
		{ "Devid-Identity: 1", "Devid-Identity: 2b", 1 },
		{ "Devid-Identity: 1", "Devid-Identity: ", 1 },
		{ "Devid-Identity: 1\n", "", 1 },
		{ "Devid-Identity: 1\n", "\nDevid-Identity: 1\n", 1 },
		{ "Devid-Identity: 1\n", "Colour: blue\nDevid-Identity: 1\n", 1 },
		{ "Devid-Identity: 1\n", "Devid-Identity: 1\nDevid-Identity: 1\n", 2 },
		{ "Devid-Identity: 1\n",
		  "\xef\xbb\xbf"
		  "Devid-Identity: 1\n",
		  1 },
		{ "Label: x\n", "", 0 },
		{ "Label: x\n", "Label: x\nLabel: x\n", 3 },
		{ "Label: x\n", "Label: \n", 2 },
		{ "Label: x\n", "Label:x\n", 2 },
		{ "Label: x\n", "Label x\n", 2 },
		{ "Label: x\n", ": x\n", 2 },
		{ "Label: x\n", "label: x\n", 0 },
		{ "Label: x\n", "Label:\n", 2 },
		{ "Label: x\n", "Key-Label: x\n", 0 },
		{ "Label: x\n", "Public-Key-Label: x\n", 0 },
		{ "Label: x\n", "Label: x\nKey-Label: \n", 3 },
		{ "Label: x\n", "Label: x\nKey-Label:\n", 3 },
		{ "Label: x\n", "Label: x\nKey-Label: k\nKey-Label: k\n", 4 },
		{ "Label: x\n", "Label: x\nKey-Label: k\x7f\n", 3 },
		{ "Label: x\n", "Label: x\nKey-Label: \xff\n", 3 },
		{ "Label: x\n", "Label: x\nPublic-Key-Label: \n", 3 },
		{ "Label: x\n", "Label: x\nPublic-Key-Label:p\n", 3 },
		{ "Label: x\n", "Label: x\nPublic-Key-Label: p\nPublic-Key-Label: q\n", 4 },
		{ "Label: x\n", "Label: x\nPublic-Key-Label: \x1b[m\n", 3 },
		{ "Devid-Identity: 1\n", "Key-Label: k\nDevid-Identity: 1\n", 1 },
		{ "ID: 01\n", "", 0 },
		{ "ID: 01\n", "ID: \n", 3 },
		{ "ID: 01\n", "ID: 0\n", 3 },
		{ "ID: 01\n", "ID: 0g\n", 3 },
		{ "ID: 01\n", "ID: 01 \n", 3 },
		{ "ID: 01\n", "ID:  01\n", 3 },
		{ "ID: 01\n", "ID: 01\nID: 02\n", 4 },
		{ "Store: keyring\n", "", 0 },
		{ "Store: keyring\n", "Store: keyring\nStore: file\n", 5 },
		{ "SPKI-SHA256: 00", "SPKI-SHA256: ", 5 },
		{ "SPKI-SHA256: 00", "SPKI-SHA256: 0000", 5 },
		{ "SPKI-SHA256: 00", "SPKI-SHA256: 0x", 5 },
		{ "SPKI-SHA256", "SPKI-SHA1", 0 },
		{ "SPKI: MAMCAQE=", "SPKI: MAMCAQE", 6 },
		{ "SPKI: MAMCAQE=", "SPKI: MAQCAQE=", 6 },
		{ "SPKI: MAMCAQE=", "SPKI: MAICAQE=", 6 },
		{ "SPKI: MAMCAQE=", "SPKI: MQMCAQE=", 6 },
		{ "SPKI: MAMCAQE=", "SPKI: MIMCAQE=", 6 },
		{ "SPKI: MAMCAQE=", "SPKI: MIACAQE=", 6 },
		{ "SPKI: MAMCAQE=", "SPKI: MA==", 6 },
		{ "SPKI: MAMCAQE=\n", "SPKI: MAMC\nAQE=\n", 0 },
		{ "SPKI: MAMCAQE=\n", "", 0 },
		{ "Imported: 2026-11-22T10:00:00Z\n", "", 0 },
		{ "Imported: 2026-11-22T10:00:00Z\n", "Imported: \n", 7 },
		{ "Check-Value: 1a2b3c\n", "", 0 },
		{ "Check-Value: 1a2b3c\n", "Check-Value: 1a2b\n", 8 },
		{ "Check-Value: 1a2b3c\n", "Check-Value: 1a2b3c4d\n", 8 },
		{ "Label: x\n", "Label: x\nSize-Accepted: maybe\n", 3 },
		{ "Label: x\n", "Label: x\nLeaf: perhaps\n", 3 },
		{ "Chain-ID: c000\n", "", 0 },
		{ "Chain-ID: c000\n", "Chain-ID: c000\nChain-ID: c001\n", 0 },
		{ "Chain-Label: CA 0\n", "", 0 },
		{ "Chain-Check-Value: 000000\n", "", 0 },
		{ "Chain-Check-Value: 000000\n", "Chain-Check-Value: 00000\n", 0 },
	};
	char *text = sample_record("x", "01", 1);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *spoiled = replaced(text, rows[i].what, rows[i].with);

		expect_bad(spoiled, strlen(spoiled), rows[i].line);
		free(spoiled);
	}
	free(text);
}

/* Whatever follows. */
static void knows_a_version_to_come(void **state)
{
	static const char *const texts[] = { "Devid-Identity: 2\n",
					     "Devid-Identity: 10\nColour: blue\n" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct record record;
		unsigned line;

		assert_int_equal(record_parse(texts[i], strlen(texts[i]), &record, &line),
				 DEVID_UNSUPPORTED);
		assert_int_equal(line, 1);
	}
}

static void refuses_spoiled_certificates(void **state)
{
	static const struct spoiled rows[] = {
		{ "\n\n-----BEGIN", "\n-----BEGIN", 0 },
		{ "-----BEGIN CERTIFICATE-----", "-----BEGIN X509 CERTIFICATE-----", 10 },
		{ "-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE----- ", 10 },
		{ "-----BEGIN CERTIFICATE-----\n", "", 0 },
		{ "-----END CERTIFICATE-----\n", "", 0 },
		{ "-----END CERTIFICATE-----", "-----END CERTIFICATE---", 0 },
		{ "\nMAMCAQE=\n-----END", "\n-----END", 0 },
		{ "\nMAMCAQE=\n-----END", "\nMAMCAQE=\nMAMCAQE=\n-----END", 0 },
		{ "\nMAMCAQE=\n-----END", "\nMAMC AQE=\n-----END", 0 },
		{ "\nMAMCAQE=\n-----END", "\nMAMCAQE=\r\n-----END", 0 },
		{ "\nMAMCAQE=\n-----END", "\nMAMCAQEA\n-----END", 0 },
		{ PEM, "", 0 },
		{ PEM, PEM PEM, 0 },
		{ PEM, PEM "words\n", 0 },
		{ PEM, "words\n" PEM, 10 },
	};
	char *text = sample_record("x", "01", 0), *lone;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *spoiled = replaced(text, rows[i].what, rows[i].with);

		expect_bad(spoiled, strlen(spoiled), rows[i].line);
		free(spoiled);
	}
	/* A lone key with a certificate after all. */
	lone = replaced(text, "Label: x\n", "Label: x\nLeaf: no\n");
	expect_bad(lone, strlen(lone), 0);
	free(lone);
	free(text);
}

/* A record with one more line, the third. */
static char *with_line(const char *name, const char *value)
{
	char *text = sample_record("x", "01", 0), *line, *result;

	assert_true(asprintf(&line, "Label: x\n%s: %s\n", name, value) > 0);
	result = replaced(text, "Label: x\n", line);
	free(line);
	free(text);
	return result;
}

/* The longest that passes, and one more. */
static void keeps_its_limits(void **state)
{
	char label[RECORD_LABEL_MAX + 2], id[2 * RECORD_ID_MAX + 3], *text;

	memset(label, 'a', sizeof(label));
	memset(id, '0', sizeof(id));
	label[RECORD_LABEL_MAX + 1] = id[2 * RECORD_ID_MAX + 2] = '\0';
	text = sample_record(label, "01", 0);
	expect_bad(text, strlen(text), 2);
	free(text);
	text = sample_record("x", id, 0);
	expect_bad(text, strlen(text), 3);
	free(text);
	text = sample_record("x", "01", RECORD_CHAIN_MAX + 1);
	expect_bad(text, strlen(text), 0);
	free(text);
	text = with_line("Key-Label", label);
	expect_bad(text, strlen(text), 3);
	free(text);
	text = with_line("Public-Key-Label", label);
	expect_bad(text, strlen(text), 3);
	free(text);
	label[RECORD_LABEL_MAX] = id[2 * RECORD_ID_MAX] = '\0';
	expect_good(sample_record(label, id, 0), NULL);
	expect_good(with_line("Key-Label", label), NULL);
	expect_good(with_line("Public-Key-Label", label), NULL);
}

static void refuses_what_is_too_large(void **state)
{
	char *text = sample_record("x", "01", 0);
	size_t length = strlen(text);
	char *large = malloc(RECORD_SIZE_MAX + 1);
	struct record record;

	assert_non_null(large);
	memset(large, '\n', RECORD_SIZE_MAX + 1);
	memcpy(large, text, length);
	assert_result(record_parse(large, RECORD_SIZE_MAX, &record, NULL), DEVID_OK);
	record_clear(&record);
	assert_result(record_parse(large, RECORD_SIZE_MAX + 1, &record, NULL), DEVID_BAD_DATA);
	free(large);
	free(text);
}

static void refuses_nothing_at_all(void **state)
{
	expect_bad("", 0, 0);
	expect_bad("\n", 1, 0);
	expect_bad("\n\n\n", 3, 0);
	expect_bad("\0", 1, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_all_values),
		cmocka_unit_test(takes_what_may_differ),
		cmocka_unit_test(refuses_every_cut),
		cmocka_unit_test(refuses_every_bad_byte),
		cmocka_unit_test(refuses_windows_line_ends),
		cmocka_unit_test(refuses_spoiled_headers),
		cmocka_unit_test(knows_a_version_to_come),
		cmocka_unit_test(refuses_spoiled_certificates),
		cmocka_unit_test(keeps_its_limits),
		cmocka_unit_test(refuses_what_is_too_large),
		cmocka_unit_test(refuses_nothing_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
