/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words as people type them: the dashes of word processors, near misses. */
#pragma once

#include <glib.h>

/* "–reset-cred" becomes "--reset-cred", "–q" becomes "-q"; NULL where nothing is to be changed. */
char *words_plain_dashes(const char *argument);
/* The candidate that `word` is, or has from other programs ("rm" for "remove"); NULL where it is
 * none. */
const char *words_meant(const char *word, const char *const *candidates);
/* The candidate that begins with `word`, else the one that is nearest to `word`, or NULL where none
 * is near enough to be meant. */
const char *words_nearest(const char *word, const char *const *candidates);
/* How many single changes (one letter more, less, another, two swapped) make `b` of `a`. */
guint words_distance(const char *a, const char *b);
