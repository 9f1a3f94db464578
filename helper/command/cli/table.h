/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text in columns, measured in terminal cells: CJK takes two, combining marks none. */
#pragma once

#include <stdio.h>
#include <glib.h>
#include <stdbool.h>
#include "print.h"

/* Cells that valid UTF-8 takes on a terminal. */
int table_width(const char *text);
/* The columns to write for: the terminal's where stdout is one (40 to 120), else 80. */
int table_columns(void);
/* Appends `text` with a line feed, broken at spaces (a word that is too long: anywhere) so that no
 * line passes `width`; made printable before (print.h). The cursor stands at column `at`; further
 * lines are indented by `indent`.
 */
void table_wrap(GString *out, const char *text, int at, int indent, int width);
/* One line "  name     value" of what is told of one thing; a long value goes on below itself. */
#define FIELD_COLUMN 14
void table_field_in(enum colour which, const char *name, const char *value);
#define table_field(name, value) table_field_in(COLOUR_PLAIN, name, value)

/* "out of reach:" and what is, one below the other; nothing where there is none. */
void table_unreachable(const GPtrArray *what);

struct table;
/* Columns by their headings, ended by NULL. A column whose text does not fit is broken over
 * lines. */
struct table *table_new(const char *const *headings);
#define table_with(...) table_new((const char *const[]){ __VA_ARGS__, NULL })
/* As many cells as columns; copied. */
void table_row(struct table *table, const char *const *cells);
#define table_cells(table, ...) table_row(table, (const char *const[]){ __VA_ARGS__ })
/* How the last row's cell is coloured. */
void table_colour(struct table *table, guint column, enum colour which);
/* A line of its own under the last row, indented by two; `keep` never breaks it (what is
 * copied). */
void table_line(struct table *table, const char *text, bool keep);
/* The same under the row of this number, the first being 0. */
void table_line_below(struct table *table, guint row, const char *text, bool keep);
void table_print(struct table *table, FILE *stream);
/* The same as JSON: an object with the array `name` of objects, whose members are the columns'. */
void table_json(const struct table *table, const char *name, const char *const *members);
/* Prints the rows so far and forgets them, so that a long table needs no more memory than a short
 * one. The first rows settle how wide the columns are.
 */
void table_flush(struct table *table, FILE *stream);
guint table_length(const struct table *table);
/* For AUTO_TABLE struct table *table = table_new(…); */
void table_clear(struct table **table);
#define AUTO_TABLE __attribute__((cleanup(table_clear)))
