/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of a table, found by what they begin with: a word, or a number (an int or an enum). */
#pragma once

#include <string.h>
#include <glib.h>

/* NULL: there is no such row. */
#define ROW_CALLED(rows, word)	   row_called(rows, G_N_ELEMENTS(rows), sizeof((rows)[0]), word)
#define ROW_NUMBERED(rows, number) row_numbered(rows, G_N_ELEMENTS(rows), sizeof((rows)[0]), number)

static inline const void *row_called(const void *rows, gsize count, gsize size, const char *word)
{
	for (const char *row = rows; count > 0; count--, row += size)
		if (strcmp(*(const char *const *)(const void *)row, word) == 0)
			return row;
	return NULL;
}

static inline const void *row_numbered(const void *rows, gsize count, gsize size, int number)
{
	for (const char *row = rows; count > 0; count--, row += size)
		if (*(const int *)(const void *)row == number)
			return row;
	return NULL;
}
