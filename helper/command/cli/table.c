/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text in columns, measured in terminal cells: CJK takes two, combining marks none. */
#include <sys/ioctl.h>
#include <unistd.h>
#include <stdbool.h>

#include "base/json-build.h"
#include "base/text.h"
#include "print.h"
#include "report.h"
#include "table.h"

#define GAP		2
#define COLUMNS_DEFAULT 80
#define COLUMNS_LEAST	40
#define COLUMNS_MOST	120
#define CELL_LEAST	4

struct line {
	char *text;
	bool keep;
};

struct row {
	GPtrArray *cells;     /* char* */
	enum colour *colours; /* as many */
	GArray *lines;	      /* struct line */
};

struct table {
	guint columns;
	GPtrArray *rows; /* struct row*; the first holds the headings */
	int *widths;	 /* NULL: nothing was printed yet */
};

static int char_width(gunichar c)
{
	if (g_unichar_iszerowidth(c))
		return 0;
	return g_unichar_iswide(c) ? 2 : 1;
}

int table_width(const char *text)
{
	int width = 0;

	for (; *text != '\0'; text = g_utf8_next_char(text))
		width += char_width(g_utf8_get_char(text));
	return width;
}

int table_columns(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 ||
	    size.ws_col == 0)
		return COLUMNS_DEFAULT;
	return CLAMP(size.ws_col, COLUMNS_LEAST, COLUMNS_MOST);
}

/* Bytes of `text` that fit in `width` cells, broken behind the last space if there is one; at least
 * one character, or nothing would ever end.
 */
static gsize fitting(const char *text, int width)
{
	const char *p = text, *space = NULL;
	int used = 0;

	while (*p != '\0') {
		int wide = char_width(g_utf8_get_char(p));

		if (used + wide > width && p != text)
			break;
		if (*p == ' ' && p != text)
			space = p;
		used += wide;
		p = g_utf8_next_char(p);
	}
	if (*p == '\0' || *p == ' ')
		return (gsize)(p - text);
	return (gsize)((space ? space : p) - text);
}

void table_wrap(GString *out, const char *anybodys, int at, int indent, int width)
{
	g_autofree char *safe = text_printable(anybodys);
	const char *text = safe;

	for (;;) {
		gsize fit = fitting(text, MAX(width - at, CELL_LEAST)), seen = fit;

		while (text[fit] != '\0' && seen > 0 && text[seen - 1] == ' ')
			seen--;
		g_string_append_len(out, text, (gssize)seen);
		g_string_append_c(out, '\n');
		text += fit;
		while (*text == ' ')
			text++;
		if (*text == '\0')
			return;
		g_string_append_printf(out, "%*s", indent, "");
		at = indent;
	}
}

void table_unreachable(const GPtrArray *what)
{
	if (what->len > 0)
		print_line(stdout, "out of reach:");
	for (guint i = 0; i < what->len; i++) {
		g_autoptr(GString) text = g_string_new("  ");

		table_wrap(text, g_ptr_array_index(what, i), 2, 4, table_columns());
		print_lines(stdout, COLOUR_PLAIN, text->str);
	}
}

void table_field_in(enum colour which, const char *name, const char *value)
{
	g_autoptr(GString) text = g_string_new(NULL);

	g_string_append_printf(text, "  %-*s ", FIELD_COLUMN - 3, name);
	table_wrap(text, value, (int)text->len, FIELD_COLUMN, table_columns());
	print_lines(stdout, which, text->str);
}

static void line_clear(void *data)
{
	g_free(((struct line *)data)->text);
}

static void row_free(void *data)
{
	struct row *row = data;

	g_ptr_array_unref(row->cells);
	g_array_unref(row->lines);
	g_free(row->colours);
	g_free(row);
}

void table_row(struct table *table, const char *const *cells)
{
	struct row *row = g_new0(struct row, 1);

	row->cells = g_ptr_array_new_with_free_func(g_free);
	row->colours = g_new0(enum colour, table->columns);
	row->lines = g_array_new(FALSE, FALSE, sizeof(struct line));
	g_array_set_clear_func(row->lines, line_clear);
	for (guint i = 0; i < table->columns; i++)
		g_ptr_array_add(row->cells, text_printable(cells[i]));
	g_ptr_array_add(table->rows, row);
}

struct table *table_new(const char *const *headings)
{
	struct table *table = g_new0(struct table, 1);

	table->columns = g_strv_length((char **)headings);
	table->rows = g_ptr_array_new_with_free_func(row_free);
	table_row(table, headings);
	return table;
}

void table_clear(struct table **table)
{
	g_ptr_array_unref((*table)->rows);
	g_free((*table)->widths);
	g_clear_pointer(table, g_free);
}

guint table_length(const struct table *table)
{
	return table->rows->len - 1;
}

static struct row *last_row(const struct table *table)
{
	return g_ptr_array_index(table->rows, table->rows->len - 1);
}

void table_colour(struct table *table, guint column, enum colour which)
{
	last_row(table)->colours[column] = which;
}

void table_line_below(struct table *table, guint number, const char *text, bool keep)
{
	const struct row *row = g_ptr_array_index(table->rows, number + 1);
	struct line line = { text_printable(text), keep };

	g_array_append_val(row->lines, line);
}

void table_line(struct table *table, const char *text, bool keep)
{
	table_line_below(table, table_length(table) - 1, text, keep);
}

/* Natural widths; while their sum is too wide, the widest column gives. */
static void measure(const struct table *table, int *widths, int available)
{
	int sum = GAP * (int)(table->columns - 1);

	for (guint i = 0; i < table->columns; i++) {
		widths[i] = CELL_LEAST;
		for (guint r = 0; r < table->rows->len; r++) {
			const struct row *row = g_ptr_array_index(table->rows, r);

			widths[i] = MAX(widths[i], table_width(g_ptr_array_index(row->cells, i)));
		}
		sum += widths[i];
	}
	for (; sum > available; sum--) {
		guint widest = 0;

		for (guint i = 1; i < table->columns; i++)
			if (widths[i] > widths[widest])
				widest = i;
		if (widths[widest] <= CELL_LEAST)
			return;
		widths[widest]--;
	}
}

/* One line of each cell, as far as each has one; false where none had. */
static bool print_cells(const struct row *row, guint columns, const int *widths, const char **rest,
			FILE *stream)
{
	bool any = false;
	int pending = 0;

	for (guint i = 0; i < columns; i++)
		any = any || *rest[i] != '\0';
	for (guint i = 0; any && i < columns; i++) {
		gsize fit = fitting(rest[i], widths[i]);
		g_autofree char *text = g_strndup(rest[i], fit);

		rest[i] += fit;
		while (*rest[i] == ' ')
			rest[i]++;
		if (*text != '\0') {
			print_piece(stream, COLOUR_PLAIN, "%*s", pending, "");
			print_piece(stream, row->colours[i], "%s", text);
		}
		pending = (*text != '\0' ? 0 : pending) + widths[i] - table_width(text) + GAP;
	}
	if (any)
		print_lines(stream, COLOUR_PLAIN, "\n");
	return any;
}

static void print_row(const struct table *table, const struct row *row, const int *widths,
		      int available, FILE *stream)
{
	g_autofree const char **rest = g_new0(const char *, table->columns);

	for (guint i = 0; i < table->columns; i++)
		rest[i] = g_ptr_array_index(row->cells, i);
	while (print_cells(row, table->columns, widths, rest, stream))
		;
	for (guint i = 0; i < row->lines->len; i++) {
		const struct line *line = &g_array_index(row->lines, struct line, i);
		g_autoptr(GString) text = g_string_new("  ");

		if (line->keep)
			g_string_append_printf(text, "%s\n", line->text);
		else
			table_wrap(text, line->text, 2, 4, available);
		print_lines(stream, COLOUR_DIM, text->str);
	}
}

void table_print(struct table *table, FILE *stream)
{
	int available = table_columns();
	guint first = table->widths ? 1 : 0;

	if (!table->widths) {
		table->widths = g_new0(int, table->columns);
		measure(table, table->widths, available);
	}
	for (guint r = first; r < table->rows->len; r++) {
		struct row *row = g_ptr_array_index(table->rows, r);

		for (guint i = 0; r == 0 && i < table->columns; i++)
			row->colours[i] = COLOUR_BOLD;
		print_row(table, row, table->widths, available, stream);
	}
}

void table_flush(struct table *table, FILE *stream)
{
	table_print(table, stream);
	g_ptr_array_set_size(table->rows, 1);
}

void table_json(const struct table *table, const char *name, const char *const *members)
{
	g_autoptr(JsonBuilder) builder = json_begin();

	json_begin_array(builder, name);
	for (guint i = 1; i < table->rows->len; i++) {
		const struct row *row = table->rows->pdata[i];

		json_builder_begin_object(builder);
		for (guint n = 0; n < table->columns; n++)
			json_text(builder, members[n], row->cells->pdata[n]);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
	report_builder(builder);
}
