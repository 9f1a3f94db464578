/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The password out of a file's bytes. */
#include <stdbool.h>
#include <string.h>
#include <glib.h>
#include "password-text.h"

static const uint8_t utf8_mark[] = { 0xef, 0xbb, 0xbf };

/* With a byte order mark, or with a zero as every other byte: no password holds one. */
static bool is_utf16(const uint8_t *bytes, size_t length, bool *little, bool *mark)
{
	bool first = true, second = true;

	*mark = length >= 2 && length % 2 == 0 &&
		((bytes[0] == 0xff && bytes[1] == 0xfe) || (bytes[0] == 0xfe && bytes[1] == 0xff));
	*little = *mark && bytes[0] == 0xff;
	if (*mark || length < 2 || length % 2)
		return *mark;
	for (size_t i = 0; i < length; i += 2) {
		first = first && bytes[i] == 0 && bytes[i + 1] != 0;
		second = second && bytes[i + 1] == 0 && bytes[i] != 0;
	}
	*little = second;
	return first || second;
}

static enum password_text take_utf16(const uint8_t *bytes, size_t length, bool little, bool mark,
				     struct secret *password)
{
	size_t at = mark ? 2 : 0;

	/* Three bytes of UTF-8 for two of UTF-16 at most: one allocation. */
	if (secret_allocate(password, length * 2 + 4))
		return PASSWORD_TEXT_NO_MEMORY;
	while (at + 1 < length) {
		gunichar c = (gunichar)(little ? bytes[at] | bytes[at + 1] << 8
					       : bytes[at] << 8 | bytes[at + 1]);
		char text[6];
		int size;

		at += 2;
		if (c >= 0xd800 && c < 0xdc00 && at + 1 < length) {
			gunichar low = (gunichar)(little ? bytes[at] | bytes[at + 1] << 8
							 : bytes[at] << 8 | bytes[at + 1]);

			if (low >= 0xdc00 && low < 0xe000) {
				c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
				at += 2;
			}
		}
		size = g_unichar_to_utf8(c, text);
		if (secret_append(password, text, (size_t)size))
			return PASSWORD_TEXT_NO_MEMORY;
	}
	return PASSWORD_TEXT_UTF16;
}

static enum password_text without_newline(struct secret *password, enum password_text answer)
{
	size_t length = password->length;

	if (length && password->data[length - 1] == '\n')
		length--;
	if (length && password->data[length - 1] == '\r')
		length--;
	return secret_resize(password, length) ? PASSWORD_TEXT_NO_MEMORY : answer;
}

enum password_text password_text(const uint8_t *bytes, size_t length, struct secret *password)
{
	enum password_text answer = PASSWORD_TEXT_PLAIN;
	bool little, mark;

	if (is_utf16(bytes, length, &little, &mark)) {
		answer = take_utf16(bytes, length, little, mark, password);
		return answer == PASSWORD_TEXT_UTF16 ? without_newline(password, answer) : answer;
	}
	if (length >= sizeof(utf8_mark) && memcmp(bytes, utf8_mark, sizeof(utf8_mark)) == 0) {
		bytes += sizeof(utf8_mark);
		length -= sizeof(utf8_mark);
		answer = PASSWORD_TEXT_MARK;
	} else if (!g_utf8_validate_len((const char *)bytes, length, NULL)) {
		answer = PASSWORD_TEXT_BYTES;
	}
	if (secret_allocate(password, length + 1) ||
	    (length && secret_append(password, bytes, length)))
		return PASSWORD_TEXT_NO_MEMORY;
	return without_newline(password, answer);
}
