/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How many events of key uses one user can bring about: some a minute are told one by one, and the
 * first of a kind; further ones are counted together by program and outcome. Neither the number of
 * a user's processes nor the names that they choose make more lines.
 */
#pragma once

#include <stdbool.h>
#include <time.h>
#include <glib.h>

#define TALLY_SECONDS 60 /* of one count */
#define TALLY_SINGLE  16 /* are told one by one, whatever they are */
#define TALLY_KINDS   16 /* of programs and outcomes; further programs are "others" */

#define TALLY_OTHERS "(other programs)"

struct tally;

struct tally *tally_new(GDestroyNotify item_free);
/* Frees what was not taken, too. */
void tally_free(struct tally *tally);

/* What is counted together. */
struct tally_kind {
	const char *user; /* names that are numbers count as one user */
	const char *program;
	const char *outcome; /* all else that tells two events apart */
};
struct tally_item {
	void *item;  /* the first of its kind */
	bool others; /* its program is one of several */
	time_t first, last;
	guint count;
};
/* Counts one at `now` (microseconds, monotonic). true: tell it by itself; it stays the caller's.
 * false: it was taken. */
bool tally_add(struct tally *tally, const struct tally_kind *kind, void *item, gint64 now);
/* The next count that is over by `now` (G_MAXINT64: all); NULL: none. The caller owns it and its
 * item. */
struct tally_item *tally_take(struct tally *tally, gint64 now);
/* When the first count is over; G_MAXINT64: nothing is counted. */
gint64 tally_due(struct tally *tally);
