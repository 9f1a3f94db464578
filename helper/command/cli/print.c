/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a command writes for people, made safe in one place. */
#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"
#include "print.h"

/* Indexed by enum colour: SGR sequences that every terminal of the last decades knows. */
static const char *const sequences[] = {
	[COLOUR_PLAIN] = "\033[0m", [COLOUR_GOOD] = "\033[32m", [COLOUR_WARN] = "\033[33m",
	[COLOUR_BAD] = "\033[31m",  [COLOUR_DIM] = "\033[2m",	[COLOUR_BOLD] = "\033[1m",
};

const char *print_colour(enum colour which, FILE *stream)
{
	const char *term = getenv("TERM"), *refused = getenv("NO_COLOR");

	if ((refused && *refused != '\0') || !term || strcmp(term, "dumb") == 0 ||
	    !isatty(fileno(stream)))
		return "";
	return sequences[which];
}

static char *G_GNUC_PRINTF(1, 0) make(const char *format, va_list arguments)
{
	g_autofree char *text = g_strdup_vprintf(format, arguments);

	return text_printable(text);
}

/* At once: what others write comes before a line, or behind it. */
static void put(FILE *stream, enum colour which, const char *safe, const char *end)
{
	const char *begin = which == COLOUR_PLAIN ? "" : print_colour(which, stream);

	fprintf(stream, "%s%s%s%s", begin, safe, *begin ? print_colour(COLOUR_PLAIN, stream) : "",
		end);
}

void print_format(FILE *stream, enum colour which, const char *end, const char *format, ...)
{
	g_autofree char *safe = NULL;
	va_list arguments;

	va_start(arguments, format);
	safe = make(format, arguments);
	va_end(arguments);
	put(stream, which, safe, end);
}

void print_lines(FILE *stream, enum colour which, const char *text)
{
	g_autofree char *safe = text_printable_lines(text);

	put(stream, which, safe, "");
}

void print_prompt(int tty, const char *format, ...)
{
	g_autofree char *safe = NULL;
	va_list arguments;

	va_start(arguments, format);
	safe = make(format, arguments);
	va_end(arguments);
	dprintf(tty, "%s", safe);
}
