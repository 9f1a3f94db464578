/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words of a command line: dashes, near misses, moments; and text broken into lines: none is too
 * wide, and nothing but blanks is lost.
 */
#include <string.h>
#include <glib.h>
#include "fuzz.h"
#include "base/text.h"
#include "command/cli/table.h"
#include "command/cli/when.h"
#include "command/cli/words.h"

#define LEAST_WIDTH 20

static void check_words(const char *text)
{
	static const char *const candidates[] = { "import-cert", "list", "reset-cred", NULL };
	g_autofree char *plain = words_plain_dashes(text);
	time_t when;

	FUZZ_CHECK(!plain || (plain[0] == '-' && strlen(plain) < strlen(text) + 1));
	FUZZ_CHECK(words_distance(text, text) == 0 || strlen(text) > 64);
	(void)words_nearest(text, candidates);
	(void)when_parse(text, 1795000000, &when);
}

static gsize visible(const char *text)
{
	gsize count = 0;

	for (; *text != '\0'; text++)
		count += *text != ' ' && *text != '\n';
	return count;
}

static void check_wrap(const char *text, int width, int indent)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_auto(GStrv) lines = NULL;
	/* What would steer a terminal is shown by its escape. */
	g_autofree char *shown = text_printable(text);

	table_wrap(out, text, indent, indent, width);
	FUZZ_CHECK(g_utf8_validate(out->str, (gssize)out->len, NULL));
	FUZZ_CHECK(visible(out->str) == visible(shown));
	lines = g_strsplit(out->str, "\n", -1);
	/* The first line's indent is the caller's. */
	for (guint i = 0; lines[i] && !strchr(text, '\n'); i++)
		FUZZ_CHECK(table_width(lines[i]) <= width - (i == 0 ? indent : 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *text = NULL, *valid = NULL;

	g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR);
	if (size == 0)
		return 0;
	text = g_strndup((const char *)data + 1, size - 1);
	valid = g_utf8_make_valid(text, -1);
	check_words(text);
	check_wrap(valid, LEAST_WIDTH + data[0] % 80, data[0] % 8);
	return 0;
}
