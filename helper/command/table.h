/* Text in columns, measured in terminal cells: CJK takes two, combining marks none. */
#ifndef COMMAND_TABLE_H
#define COMMAND_TABLE_H

#include <stdio.h>
#include <glib.h>
#include "command.h"

/* Cells that valid UTF-8 takes on a terminal. */
int text_width(const char *text);
/* The columns to write for: the terminal's where stdout is one (40 to 120), else 80. */
int text_columns(void);
/* Appends `text` with a line feed, broken at spaces (a word that is too long: anywhere) so that no
 * line passes `width`. The cursor stands at column `at`; further lines are indented by `indent`.
 */
void text_wrap(GString *out, const char *text, int at, int indent, int width);
/* One line "  name     value" of what is told of one thing; a long value goes on below itself. */
#define FIELD_COLUMN 14
void print_field(const char *name, const char *value);

struct table;
/* Columns by their headings, ended by NULL. A column whose text does not fit is broken over lines.
 */
struct table *table_new(const char *const *headings);
/* As many cells as columns; copied. */
void table_row(struct table *table, const char *const *cells);
/* How the last row's cell is coloured. */
void table_colour(struct table *table, guint column, enum colour which);
/* A line of its own under the last row, indented by two; `keep` never breaks it (what is copied).
 */
void table_line(struct table *table, const char *text, bool keep);
void table_print(const struct table *table, FILE *stream);
void table_free(struct table *table);
/* For AUTO_TABLE struct table *table = table_new(…); */
void table_clear(struct table **table);
#define AUTO_TABLE __attribute__((cleanup(table_clear)))

#endif
