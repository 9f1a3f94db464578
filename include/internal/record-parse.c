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

#define WORD_MAX 64

/* Rows of the table below. */
enum { ROW_VERSION, ROW_LEAF = 16, ROW_CHAIN, ROW_COUNT = ROW_CHAIN + 3 };

/* Where the reader is. */
struct reader {
	const char *next, *end;
	unsigned line; /* of the line taken last, from 1 */
	bool leaf;
	size_t given[ROW_COUNT]; /* how often each row was */
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

/* Values to where they belong, which has `size` bytes. */

static enum devid_result decode_version(struct text text, void *out, size_t size)
{
	size_t digits = 0;

	if (text_is(text, "1"))
		return DEVID_OK;
	while (digits < text.length && text.data[digits] >= '0' && text.data[digits] <= '9')
		digits++;
	return digits > 0 && digits == text.length && text.data[0] != '0' ? DEVID_UNSUPPORTED
									  : DEVID_BAD_DATA;
}

static enum devid_result decode_der(struct text text, void *out, size_t size)
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
	*(struct record_bytes *)out = (struct record_bytes){ der, (size_t)length };
	return DEVID_OK;
}

static enum devid_result copy_bounded(struct text text, size_t most, char **out)
{
	if (text.length == 0 || text.length > most)
		return DEVID_BAD_DATA;
	*out = copy_text(text);
	return *out ? DEVID_OK : DEVID_NO_MEMORY;
}

static enum devid_result decode_label(struct text text, void *out, size_t size)
{
	return copy_bounded(text, RECORD_LABEL_MAX, out);
}

/* A store, a time. The agent knows which stores there are; a newer one's record still lists. */
static enum devid_result decode_word(struct text text, void *out, size_t size)
{
	return copy_bounded(text, WORD_MAX, out);
}

static enum devid_result decode_id(struct text text, void *out, size_t size)
{
	struct record_bytes *id = out;

	if (text.length == 0 || text.length > 2 * RECORD_ID_MAX)
		return DEVID_BAD_DATA;
	id->data = malloc(text.length / 2 + 1);
	if (!id->data)
		return DEVID_NO_MEMORY;
	id->length = text.length / 2;
	return hex_decode(text.data, text.length, id->data) ? DEVID_OK : DEVID_BAD_DATA;
}

static enum devid_result decode_hex(struct text text, void *out, size_t size)
{
	return text.length == 2 * size && hex_decode(text.data, text.length, out) ? DEVID_OK
										  : DEVID_BAD_DATA;
}

static enum devid_result decode_yes(struct text text, void *out, size_t size)
{
	bool *yes = out;

	*yes = text_is(text, "yes");
	return *yes || text_is(text, "no") ? DEVID_OK : DEVID_BAD_DATA;
}

static enum devid_result decode_no(struct text text, void *out, size_t size)
{
	enum devid_result result = decode_yes(text, out, size);
	bool *no = out;

	*no = !*no;
	return result;
}

enum { ROW_REQUIRED = 1, ROW_WITH_LEAF = 2 };

#define IN(type, member) offsetof(struct type, member), sizeof(((struct type *)NULL)->member)

/* Those from ROW_CHAIN on stand once for each certificate of the chain, and go there; others stand
 * once. */
static const struct row {
	const char *name;
	enum devid_result (*decode)(struct text text, void *out, size_t size);
	size_t offset, size;
	unsigned flags;
} rows[ROW_COUNT] = {
	{ "Devid-Identity", decode_version, 0, 0, ROW_REQUIRED },
	{ "Label", decode_label, IN(record, label), ROW_REQUIRED },
	{ "Key-Label", decode_label, IN(record, key_label), 0 },
	{ "Public-Key-Label", decode_label, IN(record, public_key_label), 0 },
	{ "ID", decode_id, IN(record, id), ROW_REQUIRED },
	{ "Store", decode_word, IN(record, store), ROW_REQUIRED },
	{ "SPKI-SHA256", decode_hex, IN(record, spki_hash), ROW_REQUIRED },
	{ "SPKI", decode_der, IN(record, spki), ROW_REQUIRED },
	{ "Imported", decode_word, IN(record, imported), ROW_REQUIRED },
	{ "Size-Accepted", decode_yes, IN(record, size_accepted), 0 },
	{ "Local", decode_yes, IN(record, local), 0 },
	{ "PSS", decode_no, IN(record, no_pss), 0 },
	{ "Auth", decode_word, IN(record, auth), 0 },
	{ "Renews", decode_word, IN(record, renews), 0 },
	{ "Until", decode_word, IN(record, until), 0 },
	{ "Check-Value", decode_hex, IN(record, check_value), ROW_WITH_LEAF },
	[ROW_LEAF] = { "Leaf", decode_yes, IN(reader, leaf), 0 },
	[ROW_CHAIN] = { "Chain-ID", decode_id, IN(record_chain, id), 0 },
	{ "Chain-Label", decode_label, IN(record_chain, label), 0 },
	{ "Chain-Check-Value", decode_hex, IN(record_chain, check_value), 0 },
};

static enum devid_result read_value(size_t row, struct text value, struct record *record,
				    struct reader *reader)
{
	void *out = row >= ROW_CHAIN  ? (void *)&record->chain[reader->given[row]]
		    : row == ROW_LEAF ? (void *)reader
				      : record;

	if (reader->given[row] >= (row >= ROW_CHAIN ? RECORD_CHAIN_MAX : 1))
		return DEVID_BAD_DATA;
	reader->given[row]++;
	/* The version comes first: it says how the rest is to be read. */
	return reader->given[ROW_VERSION]
		       ? rows[row].decode(value, (char *)out + rows[row].offset, rows[row].size)
		       : DEVID_BAD_DATA;
}

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
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (text_is(name, rows[i].name))
			return read_value(i, value, record, reader);
	return reader->given[ROW_VERSION] ? DEVID_OK : DEVID_BAD_DATA;
}

static bool header_is_complete(const struct reader *reader)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		bool needed = rows[i].flags & ROW_REQUIRED ||
			      (rows[i].flags & ROW_WITH_LEAF && reader->leaf);

		if ((needed && !reader->given[i]) ||
		    (i > ROW_CHAIN && reader->given[i] != reader->given[ROW_CHAIN]))
			return false;
	}
	return true;
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
	return decode_der(body, bytes, sizeof(*bytes));
}

static enum devid_result read_record(struct reader *reader, struct record *record)
{
	enum devid_result result = read_header(reader, record);
	struct text line;

	if (result == DEVID_OK && reader->leaf)
		result = read_pem(reader, &record->leaf);
	for (size_t i = 0; result == DEVID_OK && i < reader->given[ROW_CHAIN]; i++)
		result = read_pem(reader, &record->chain[i].certificate);
	while (result == DEVID_OK && reader->next < reader->end)
		if (!take_line(reader, &line) || line.length > 0)
			result = DEVID_BAD_DATA;
	record->chain_count = reader->given[ROW_CHAIN];
	return result;
}

enum devid_result record_parse(const char *text, size_t length, struct record *record,
			       unsigned *line)
{
	struct reader reader = { .next = text, .end = text + length, .leaf = true };
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
	free(record->auth);
	free(record->renews);
	free(record->until);
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

bool record_label_is_sound(const char *label)
{
	size_t length = strlen(label);

	return length > 0 && length <= RECORD_LABEL_MAX && utf8_is_printable(label, length);
}

const char *record_key_label(const struct record *record)
{
	return record->key_label ? record->key_label : record->label;
}

const char *record_public_key_label(const struct record *record)
{
	return record->public_key_label ? record->public_key_label : record_key_label(record);
}
