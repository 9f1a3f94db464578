/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A record's text to its values. The reader believes nothing: not the length of a line, not a NUL
 * at the end, not that what follows a name is what the writer put there.
 */
#include <stdlib.h>
#include <string.h>
#include <internal/record.h>
#include <internal/utf8.h>

#define PEM_BEGIN "-----BEGIN CERTIFICATE-----"
#define PEM_END	  "-----END CERTIFICATE-----"

struct text {
	const char *data;
	size_t length;
};

/* Where the reader is. */
struct reader {
	const char *next, *end;
	unsigned line;		    /* of the line taken last, from 1 */
	unsigned seen;		    /* bits of the rows of the table below */
	size_t ids, labels, checks; /* chain values seen so far */
	bool no_leaf;
};

/* Takes a line without its LF. False: no line, or one that doesn't end. */
static bool take_line(struct reader *reader, struct text *line)
{
	size_t left = (size_t)(reader->end - reader->next);
	const char *end = left ? memchr(reader->next, '\n', left) : NULL;

	reader->line++;
	if (!end)
		return false;
	*line = (struct text){ reader->next, (size_t)(end - reader->next) };
	reader->next = end + 1;
	return true;
}

static bool text_is(struct text text, const char *word)
{
	return text.length == strlen(word) && memcmp(text.data, word, text.length) == 0;
}

static char *copy_text(struct text text)
{
	char *copy = malloc(text.length + 1);

	if (copy) {
		memcpy(copy, text.data, text.length);
		copy[text.length] = '\0';
	}
	return copy;
}

/* DER of a SEQUENCE whose length is that of the whole: catches what was cut or glued together. */
static bool is_whole_sequence(const uint8_t *der, size_t length)
{
	size_t header = 2, body = 0;

	if (length < 2 || der[0] != 0x30)
		return false;
	if (der[1] < 0x80) {
		body = der[1];
	} else {
		size_t count = der[1] & 0x7f;

		if (count == 0 || count > 4 || length < 2 + count)
			return false;
		for (size_t i = 0; i < count; i++)
			body = body << 8 | der[2 + i];
		header += count;
	}
	return body == length - header;
}

static enum devid_result decode_der(struct text text, struct record_bytes *bytes)
{
	uint8_t *der = malloc(text.length / 4 * 3 + 3);
	ptrdiff_t length;

	if (!der)
		return DEVID_NO_MEMORY;
	length = base64_decode(text.data, text.length, der);
	if (length < 0 || !is_whole_sequence(der, (size_t)length)) {
		free(der);
		return DEVID_BAD_DATA;
	}
	*bytes = (struct record_bytes){ der, (size_t)length };
	return DEVID_OK;
}

static enum devid_result decode_label(struct text text, char **label)
{
	if (text.length == 0 || text.length > RECORD_LABEL_MAX)
		return DEVID_BAD_DATA;
	*label = copy_text(text);
	return *label ? DEVID_OK : DEVID_NO_MEMORY;
}

static enum devid_result decode_id(struct text text, struct record_bytes *id)
{
	if (text.length == 0 || text.length > 2 * RECORD_ID_MAX)
		return DEVID_BAD_DATA;
	id->data = malloc(text.length / 2 + 1);
	if (!id->data)
		return DEVID_NO_MEMORY;
	id->length = text.length / 2;
	return hex_decode(text.data, text.length, id->data) ? DEVID_OK : DEVID_BAD_DATA;
}

static enum devid_result decode_fixed(struct text text, uint8_t *out, size_t size)
{
	return text.length == 2 * size && hex_decode(text.data, text.length, out) ? DEVID_OK
										  : DEVID_BAD_DATA;
}

static enum devid_result read_version(struct text value, struct record *record,
				      struct reader *reader)
{
	return text_is(value, "1") ? DEVID_OK : DEVID_BAD_DATA;
}

static enum devid_result read_label(struct text value, struct record *record, struct reader *reader)
{
	return decode_label(value, &record->label);
}

static enum devid_result read_key_label(struct text value, struct record *record,
					struct reader *reader)
{
	return decode_label(value, &record->key_label);
}

static enum devid_result read_public_key_label(struct text value, struct record *record,
					       struct reader *reader)
{
	return decode_label(value, &record->public_key_label);
}

static enum devid_result read_id(struct text value, struct record *record, struct reader *reader)
{
	return decode_id(value, &record->id);
}

static enum devid_result read_store(struct text value, struct record *record, struct reader *reader)
{
	/* The agent knows which stores there are; a newer one's record still lists. */
	if (value.length == 0 || value.length > 64)
		return DEVID_BAD_DATA;
	record->store = copy_text(value);
	return record->store ? DEVID_OK : DEVID_NO_MEMORY;
}

static enum devid_result read_spki_hash(struct text value, struct record *record,
					struct reader *reader)
{
	return decode_fixed(value, record->spki_hash, sizeof(record->spki_hash));
}

static enum devid_result read_spki(struct text value, struct record *record, struct reader *reader)
{
	return decode_der(value, &record->spki);
}

static enum devid_result read_imported(struct text value, struct record *record,
				       struct reader *reader)
{
	if (value.length == 0 || value.length > 64)
		return DEVID_BAD_DATA;
	record->imported = copy_text(value);
	return record->imported ? DEVID_OK : DEVID_NO_MEMORY;
}

static enum devid_result read_size_accepted(struct text value, struct record *record,
					    struct reader *reader)
{
	record->size_accepted = text_is(value, "yes");
	return record->size_accepted || text_is(value, "no") ? DEVID_OK : DEVID_BAD_DATA;
}

static enum devid_result read_check_value(struct text value, struct record *record,
					  struct reader *reader)
{
	return decode_fixed(value, record->check_value, sizeof(record->check_value));
}

static enum devid_result read_leaf(struct text value, struct record *record, struct reader *reader)
{
	reader->no_leaf = text_is(value, "no");
	return reader->no_leaf || text_is(value, "yes") ? DEVID_OK : DEVID_BAD_DATA;
}

static enum devid_result read_chain_id(struct text value, struct record *record,
				       struct reader *reader)
{
	if (reader->ids == RECORD_CHAIN_MAX)
		return DEVID_BAD_DATA;
	return decode_id(value, &record->chain[reader->ids++].id);
}

static enum devid_result read_chain_label(struct text value, struct record *record,
					  struct reader *reader)
{
	if (reader->labels == RECORD_CHAIN_MAX)
		return DEVID_BAD_DATA;
	return decode_label(value, &record->chain[reader->labels++].label);
}

static enum devid_result read_chain_check(struct text value, struct record *record,
					  struct reader *reader)
{
	if (reader->checks == RECORD_CHAIN_MAX)
		return DEVID_BAD_DATA;
	return decode_fixed(value, record->chain[reader->checks++].check_value,
			    sizeof(record->chain[0].check_value));
}

enum { ROW_REQUIRED = 1, ROW_WITH_LEAF = 2, ROW_REPEATS = 4 };

static const struct row {
	const char *name;
	enum devid_result (*read)(struct text value, struct record *record, struct reader *reader);
	unsigned flags;
} rows[] = {
	{ "Devid-Identity", read_version, ROW_REQUIRED },
	{ "Label", read_label, ROW_REQUIRED },
	{ "Key-Label", read_key_label, 0 },
	{ "Public-Key-Label", read_public_key_label, 0 },
	{ "ID", read_id, ROW_REQUIRED },
	{ "Store", read_store, ROW_REQUIRED },
	{ "SPKI-SHA256", read_spki_hash, ROW_REQUIRED },
	{ "SPKI", read_spki, ROW_REQUIRED },
	{ "Imported", read_imported, ROW_REQUIRED },
	{ "Size-Accepted", read_size_accepted, 0 },
	{ "Check-Value", read_check_value, ROW_WITH_LEAF },
	{ "Leaf", read_leaf, 0 },
	{ "Chain-ID", read_chain_id, ROW_REPEATS },
	{ "Chain-Label", read_chain_label, ROW_REPEATS },
	{ "Chain-Check-Value", read_chain_check, ROW_REPEATS },
};
#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static enum devid_result read_header_line(struct text line, struct record *record,
					  struct reader *reader)
{
	const char *colon = memchr(line.data, ':', line.length);
	size_t name_length = colon ? (size_t)(colon - line.data) : 0;
	struct text name = { line.data, name_length }, value;

	if (name_length == 0 || line.length < name_length + 2 || colon[1] != ' ' ||
	    !utf8_is_printable(line.data, line.length))
		return DEVID_BAD_DATA;
	value = (struct text){ colon + 2, line.length - name_length - 2 };
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (!text_is(name, rows[i].name))
			continue;
		if (reader->seen & 1u << i && !(rows[i].flags & ROW_REPEATS))
			return DEVID_BAD_DATA;
		/* The version comes first: it says how the rest is to be read. */
		if (reader->seen == 0 && i != 0)
			return DEVID_BAD_DATA;
		reader->seen |= 1u << i;
		return rows[i].read(value, record, reader);
	}
	return reader->seen ? DEVID_OK : DEVID_BAD_DATA;
}

static bool header_is_complete(const struct reader *reader)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		bool needed = rows[i].flags & ROW_REQUIRED ||
			      (rows[i].flags & ROW_WITH_LEAF && !reader->no_leaf);

		if (needed && !(reader->seen & 1u << i))
			return false;
	}
	return reader->ids == reader->labels && reader->ids == reader->checks;
}

/* Up to the empty line, or to the end where no PEM block follows. */
static enum devid_result read_header(struct reader *reader, struct record *record)
{
	while (reader->next < reader->end) {
		enum devid_result result;
		struct text line;

		if (!take_line(reader, &line))
			return DEVID_BAD_DATA;
		if (line.length == 0)
			break;
		result = read_header_line(line, record, reader);
		if (result != DEVID_OK)
			return result;
	}
	return header_is_complete(reader) ? DEVID_OK : DEVID_BAD_DATA;
}

/* One PEM block, empty lines before it skipped. */
static enum devid_result read_pem(struct reader *reader, struct record_bytes *bytes)
{
	struct text line, body;

	do {
		if (!take_line(reader, &line))
			return DEVID_BAD_DATA;
	} while (line.length == 0);
	if (!text_is(line, PEM_BEGIN))
		return DEVID_BAD_DATA;
	body.data = reader->next;
	do {
		if (!take_line(reader, &line) || memchr(line.data, '\r', line.length))
			return DEVID_BAD_DATA;
	} while (line.length > 0 && line.data[0] != '-');
	if (!text_is(line, PEM_END))
		return DEVID_BAD_DATA;
	body.length = (size_t)(line.data - body.data);
	return decode_der(body, bytes);
}

static enum devid_result read_record(struct reader *reader, struct record *record)
{
	enum devid_result result = read_header(reader, record);
	struct text line;

	if (result == DEVID_OK && !reader->no_leaf)
		result = read_pem(reader, &record->leaf);
	for (size_t i = 0; result == DEVID_OK && i < reader->ids; i++)
		result = read_pem(reader, &record->chain[i].certificate);
	while (result == DEVID_OK && reader->next < reader->end)
		if (!take_line(reader, &line) || line.length > 0)
			result = DEVID_BAD_DATA;
	record->chain_count = reader->ids;
	return result;
}

enum devid_result record_parse(const char *text, size_t length, struct record *record,
			       unsigned *line)
{
	struct reader reader = { .next = text, .end = text + length };
	enum devid_result result = DEVID_BAD_DATA;

	memset(record, 0, sizeof(*record));
	if (length > 0 && length <= RECORD_SIZE_MAX)
		result = read_record(&reader, record);
	if (result != DEVID_OK) {
		/* A chain value may have been read before its fellows. */
		record->chain_count = RECORD_CHAIN_MAX;
		record_clear(record);
	}
	if (line)
		*line = result == DEVID_OK ? 0 : reader.line;
	return result;
}

void record_clear(struct record *record)
{
	free(record->label);
	free(record->key_label);
	free(record->public_key_label);
	free(record->id.data);
	free(record->store);
	free(record->spki.data);
	free(record->imported);
	free(record->leaf.data);
	for (size_t i = 0; i < record->chain_count; i++) {
		free(record->chain[i].certificate.data);
		free(record->chain[i].id.data);
		free(record->chain[i].label);
	}
	memset(record, 0, sizeof(*record));
}

bool record_has_key(const struct record *record)
{
	return record->store && strcmp(record->store, "none") != 0;
}

const char *record_key_label(const struct record *record)
{
	return record->key_label ? record->key_label : record->label;
}

const char *record_public_key_label(const struct record *record)
{
	return record->public_key_label ? record->public_key_label : record_key_label(record);
}
