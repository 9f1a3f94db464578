/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which signing certificates carry how many identities, out of the event logs of many machines. */
#pragma once

/* Of one issuer, by its key id (lower-case hex). */
struct usage_issuer {
	char *key_id;
	guint64 identities; /* whose last event names it */
	guint64 moved_on;   /* that it carried once, and another issuer does now, or nobody */
	time_t last_use;
};

struct usage;
struct usage *usage_new(time_t since);
void usage_free(struct usage *usage);
/* "-" is standard input. Read line by line; what is no event is counted and passed over. */
gboolean usage_read(struct usage *usage, const char *file, GError **error);
/* After the last file: struct usage_issuer*, those that carry most first. Belongs to `usage`. */
const GPtrArray *usage_issuers(struct usage *usage);
/* NULL: no event names it. */
const struct usage_issuer *usage_find(struct usage *usage, const char *key_id);
guint64 usage_events(const struct usage *usage);  /* that named an issuer and an identity */
guint64 usage_skipped(const struct usage *usage); /* lines that are no event */
