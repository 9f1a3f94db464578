/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was refused in the last 30 s, by client (uid and executable) and key. */
#pragma once

#include <stdbool.h>

#define REFUSAL_SECONDS 30

struct refusals;

struct refusals *refusals_new(void);
void refusals_free(struct refusals *refusals);
/* The answer that was given, as a copy; NULL where none is remembered that binds. `epoch`: what is
 * judged by now; a refusal that was made by another number is void, one made by 0 never is.
 */
GError *refusals_find(struct refusals *refusals, struct peer *peer, const guint8 *spki_hash,
		      guint64 epoch);
/* Remembers. `binding` false: only that it was told, so that it isn't told again. Answers whether
 * this is news.
 */
bool refusals_add(struct refusals *refusals, const struct peer *peer, const guint8 *spki_hash,
		  guint64 epoch, bool binding, const GError *error);
guint refusals_drop_all(struct refusals *refusals);
/* Those of which a store was the cause. */
void refusals_drop_store(struct refusals *refusals);
