/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text that may come from anybody, made safe to print. */
#pragma once

#include <stdbool.h>
#include <glib.h>

/* Appends `text`: control, bidirectional and invisible characters and bytes that are no UTF-8 as
 * \xHH; each byte of `escape` gets a backslash before it.
 */
void text_append_escaped(GString *out, const char *text, gsize length, const char *escape);

/* Whether a person sees it and it moves nothing: neither a control, nor a direction, nor
 * invisible. */
bool text_character_shows(gunichar character);
/* devid_text_escape() of all of `text` (NULL: ""), for g_free(). Nothing changes when it is done
 * twice.
 */
char *text_printable(const char *text);
/* The same of text that was laid out: its line feeds stay. */
char *text_printable_lines(const char *text);
/* What text_printable() or JSON printed, as it was: \xHH a byte, \uHHHH a character. Anything else
 * stands for itself. The bytes need not be UTF-8.
 */
char *text_unescape(const char *text);
/* The bytes as text, to the first NUL; never NULL (empty GBytes have no data). */
char *text_from_bytes(GBytes *bytes);
/* Two lower-case digits a byte. */
char *text_hex(const void *data, gsize length);
