/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A record's text. What passes holds what the header promises. */
#include <string.h>
#include "fuzz.h"
#include <internal/record.h>
#include <internal/utf8.h>

static void check_label(const char *label)
{
	FUZZ_CHECK(label && *label && strlen(label) <= RECORD_LABEL_MAX);
	FUZZ_CHECK(utf8_is_printable(label, strlen(label)));
}

static void check(const struct record *record)
{
	check_label(record->label);
	check_label(record_key_label(record));
	check_label(record_public_key_label(record));
	FUZZ_CHECK(record->id.length > 0 && record->id.length <= RECORD_ID_MAX);
	FUZZ_CHECK(record->spki.length > 0 && record->spki.data[0] == 0x30);
	FUZZ_CHECK(record->chain_count <= RECORD_CHAIN_MAX);
	for (size_t i = 0; i < record->chain_count; i++)
		FUZZ_CHECK(record->chain[i].certificate.length > 0 &&
			   record->chain[i].id.length > 0 && record->chain[i].label);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct record record;
	unsigned line;

	if (record_parse((const char *)data, size, &record, &line) == DEVID_OK) {
		FUZZ_CHECK(line == 0);
		check(&record);
		(void)record_has_key(&record);
	} else {
		FUZZ_CHECK(!record.label && !record.key_label && !record.public_key_label &&
			   record.chain_count == 0);
	}
	record_clear(&record);
	return 0;
}
