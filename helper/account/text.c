/* Text that may come from anybody, made safe to print: nothing that moves a terminal's cursor,
 * turns its writing direction round or hides itself gets through.
 */
#include <devid/check.h>
#include "text.h"

/* Characters that are printable by their class and still deceive the eye. */
static const struct {
	gunichar first;
	gunichar last;
} deceiving[] = {
	{ 0x00ad, 0x00ad },   /* soft hyphen */
	{ 0x061c, 0x061c },   /* Arabic letter mark */
	{ 0x180e, 0x180e },   /* Mongolian vowel separator */
	{ 0x200b, 0x200b },   /* zero width space */
	{ 0x200e, 0x200f },   /* left-to-right and right-to-left mark */
	{ 0x2028, 0x202e },   /* line and paragraph separator, embeddings and overrides */
	{ 0x2060, 0x206f },   /* word joiner, invisible operators, isolates */
	{ 0xfeff, 0xfeff },   /* byte order mark */
	{ 0xfff9, 0xfffb },   /* interlinear annotation */
	{ 0xe0000, 0xe007f }, /* tags */
};

static gboolean is_safe(gunichar character)
{
	if (character < 0x20 || (character >= 0x7f && character < 0xa0))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(deceiving); i++)
		if (character >= deceiving[i].first && character <= deceiving[i].last)
			return FALSE;
	return TRUE;
}

static void append_hex(GString *out, const char *bytes, gsize length)
{
	for (gsize i = 0; i < length; i++)
		g_string_append_printf(out, "\\x%02X", (unsigned char)bytes[i]);
}

void text_append_escaped(GString *out, const char *text, gsize length, const char *escape)
{
	const char *end = text + length;

	while (text < end) {
		gunichar character = g_utf8_get_char_validated(text, end - text);
		gsize width = 1;

		/* The two largest values stand for bytes that are no UTF-8, and for U+0000. */
		if (*text == '\0' || character >= (gunichar)-2) {
			append_hex(out, text, 1);
		} else {
			width = g_unichar_to_utf8(character, NULL);
			if (!is_safe(character))
				append_hex(out, text, width);
			else if (width == 1 && strchr(escape, *text))
				g_string_append_printf(out, "\\%c", *text);
			else
				g_string_append_len(out, text, width);
		}
		text += width;
	}
}

char *devid_text_escape(const char *text, size_t length)
{
	GString *out = g_string_sized_new(length + 1);

	text_append_escaped(out, text, length, "");
	return g_string_free(out, FALSE);
}
