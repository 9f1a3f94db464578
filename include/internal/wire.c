/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames: built field by field, judged, and read. See wire.h for their shape. */
#include <stdlib.h>
#include <string.h>
#include <internal/wire.h>

#define FIELD_HEADER 8

static void put16(uint8_t *out, unsigned value)
{
	out[0] = (uint8_t)value;
	out[1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *out, uint32_t value)
{
	put16(out, value & 0xffff);
	put16(out + 2, value >> 16);
}

static unsigned get16(const uint8_t *in)
{
	return in[0] | (unsigned)in[1] << 8;
}

static uint32_t get32(const uint8_t *in)
{
	return get16(in) | (uint32_t)get16(in + 2) << 16;
}

/* HELLO and REPLY keep their version for ever, so that two ages can tell each other apart. */
static bool type_is_ageless(unsigned type)
{
	return type == WIRE_HELLO || type == WIRE_REPLY;
}

static bool type_is_known(unsigned type)
{
	return (type >= WIRE_HELLO && type <= WIRE_TPM) || type == WIRE_REPLY ||
	       type == WIRE_PROGRESS;
}

void wire_frame_clear(struct wire_frame *frame)
{
	secret_clear(&frame->bytes);
	frame->result = DEVID_OK;
}

void wire_begin(struct wire_frame *frame, enum wire_type type)
{
	frame->result = secret_allocate(&frame->bytes, WIRE_HEADER);
	if (frame->result == DEVID_OK)
		frame->result = secret_resize(&frame->bytes, WIRE_HEADER);
	if (frame->result != DEVID_OK)
		return;
	frame->bytes.data[4] = type_is_ageless(type) ? 0 : WIRE_VERSION;
	frame->bytes.data[5] = (uint8_t)type;
}

void wire_put(struct wire_frame *frame, enum wire_tag tag, const void *data, size_t length)
{
	size_t at = frame->bytes.length;

	if (frame->result != DEVID_OK)
		return;
	if (length > WIRE_FRAME_MAX || at + FIELD_HEADER + length > WIRE_FRAME_MAX) {
		frame->result = DEVID_TOO_LARGE;
		return;
	}
	frame->result = secret_resize(&frame->bytes, at + FIELD_HEADER + length);
	if (frame->result != DEVID_OK)
		return;
	put16(frame->bytes.data + at, tag);
	put32(frame->bytes.data + at + 4, (uint32_t)length);
	if (length > 0)
		memcpy(frame->bytes.data + at + FIELD_HEADER, data, length);
}

void wire_put_u32(struct wire_frame *frame, enum wire_tag tag, uint32_t value)
{
	uint8_t bytes[4];

	put32(bytes, value);
	wire_put(frame, tag, bytes, sizeof(bytes));
}

void wire_put_text(struct wire_frame *frame, enum wire_tag tag, const char *text)
{
	if (text)
		wire_put(frame, tag, text, strlen(text));
}

enum devid_result wire_finish(struct wire_frame *frame)
{
	if (frame->result != DEVID_OK)
		return frame->result;
	put32(frame->bytes.data, (uint32_t)(frame->bytes.length - WIRE_HEADER));
	return DEVID_OK;
}

enum devid_result wire_parse_header(const uint8_t header[WIRE_HEADER], enum wire_type *type,
				    size_t *body_length)
{
	uint32_t length = get32(header);

	if (length > WIRE_BODY_MAX || get16(header + 6) != 0 || !type_is_known(header[5]))
		return DEVID_BAD_DATA;
	if (header[4] != (type_is_ageless(header[5]) ? 0 : WIRE_VERSION))
		return DEVID_BAD_DATA;
	*type = (enum wire_type)header[5];
	*body_length = length;
	return DEVID_OK;
}

enum devid_result wire_validate(const struct wire_frame *frame)
{
	const uint8_t *data = frame->bytes.data;
	size_t length = frame->bytes.length, body;
	enum wire_type type;

	if (length < WIRE_HEADER || wire_parse_header(data, &type, &body) != DEVID_OK ||
	    body != length - WIRE_HEADER)
		return DEVID_BAD_DATA;
	for (size_t at = WIRE_HEADER; at < length;) {
		if (length - at < FIELD_HEADER || get16(data + at + 2) != 0 ||
		    get32(data + at + 4) > length - at - FIELD_HEADER)
			return DEVID_BAD_DATA;
		at += FIELD_HEADER + get32(data + at + 4);
	}
	return DEVID_OK;
}

enum wire_type wire_type(const struct wire_frame *frame)
{
	return (enum wire_type)frame->bytes.data[5];
}

/* The first field of that tag at or after `at`. The frame has been validated. */
static bool find_from(const struct wire_frame *frame, size_t at, enum wire_tag tag,
		      struct wire_field *field)
{
	const uint8_t *data = frame->bytes.data;

	while (at < frame->bytes.length) {
		uint32_t length = get32(data + at + 4);

		if (get16(data + at) == (unsigned)tag) {
			field->tag = tag;
			field->data = data + at + FIELD_HEADER;
			field->length = length;
			field->next = at + FIELD_HEADER + length;
			return true;
		}
		at += FIELD_HEADER + length;
	}
	return false;
}

bool wire_get(const struct wire_frame *frame, enum wire_tag tag, struct wire_field *field)
{
	return find_from(frame, WIRE_HEADER, tag, field);
}

bool wire_next(const struct wire_frame *frame, struct wire_field *field)
{
	return find_from(frame, field->next, field->tag, field);
}

bool wire_get_u32(const struct wire_frame *frame, enum wire_tag tag, uint32_t *value)
{
	struct wire_field field;

	if (!wire_get(frame, tag, &field) || field.length != 4)
		return false;
	*value = get32(field.data);
	return true;
}

char *wire_get_text(const struct wire_frame *frame, enum wire_tag tag)
{
	struct wire_field field;
	char *text;

	if (!wire_get(frame, tag, &field) || memchr(field.data, '\0', field.length))
		return NULL;
	text = malloc(field.length + 1);
	if (!text)
		return NULL;
	memcpy(text, field.data, field.length);
	text[field.length] = '\0';
	return text;
}
