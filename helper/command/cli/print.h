/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a command writes for people. Names, labels, subjects, paths and words of servers are
 * anybody's: nothing in them steers the terminal, turns the writing direction round, hides itself
 * or begins a line of its own; it is shown as devid_text_escape() shows it. Nothing else in
 * helper/command writes to a stream but report_json() and what makes a file's content.
 */
#pragma once

#include <stdio.h>
#include <glib.h>

/* Colour on a terminal and without NO_COLOR only. */
enum colour { COLOUR_PLAIN, COLOUR_GOOD, COLOUR_WARN, COLOUR_BAD, COLOUR_DIM, COLOUR_BOLD };
const char *print_colour(enum colour which, FILE *stream);

/* A piece of a line, in its colour where `stream` is a terminal; the rest of a line, and its end.
 */
void print_format(FILE *stream, enum colour which, const char *end, const char *format, ...)
	G_GNUC_PRINTF(4, 5);
#define print_piece(stream, which, ...) print_format(stream, which, "", __VA_ARGS__)
#define print_line(stream, ...)		print_format(stream, COLOUR_PLAIN, "\n", __VA_ARGS__)
/* Lines that are laid out: line feeds end them, so whoever laid them out let none of another's in
 * (table_wrap() does that, and printable words).
 */
void print_lines(FILE *stream, enum colour which, const char *text);
/* The same on a terminal without a stream (a question beside redirected output). */
void print_prompt(int tty, const char *format, ...) G_GNUC_PRINTF(2, 3);
