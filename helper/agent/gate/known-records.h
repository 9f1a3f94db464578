/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The records of the agent's folder, as the gate knows them: those of today, and what each was
 * before another key took its place. */
#pragma once

#include <glib.h>
#include <internal/path.h>
#include <internal/record.h>

struct known_records {
	struct record_list now, former;
};

/* What can't be read is as if it weren't there. */
void known_records_read(struct known_records *known, enum scope scope);
void known_records_clear(struct known_records *known);
/* By the SPKI's hash: the identity with that key, or the former one of an identity that is there.
 */
const struct record *known_records_find(const struct known_records *known, const guint8 *spki_hash);
/* By its name: as it is today. */
const struct record *known_records_find_name(const struct known_records *known, const char *name);
