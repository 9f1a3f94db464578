/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Events and notifications, told by a thread of its own so that no signature waits for a log. */
#pragma once

#include <devid/event.h>
#include <internal/path.h>

struct report *report_new(enum scope scope);
/* Writes what is still to be written. Nobody tells it anything meanwhile. */
void report_flush(struct report *report);
void report_free(struct report *report);

/* A key was used, or was not. `verdict` NULL: nothing was checked; `problem` NULL: nothing is
 * wrong. */
struct report_use {
	const struct peer *peer;
	struct subject *subject; /* NULL: it is not known which it was */
	const struct devid_verdict *verdict;
	const GError *problem;
	const char *action; /* "Allowed", "Refused", "Failed"; the latter two are written at once */
	const char *rule;   /* of the account, that decided; or NULL */
	const char *token;  /* "system": the machine's agent did, and this one was told; then it is
			       written by and by */
};
void report_use(struct report *report, const struct report_use *use);

/* An identity was written or removed; `problem`: or was not. Written at once. */
struct report_write {
	const struct peer *peer;
	const char *sub_type; /* "Import", "Removal" */
	const char *label;
	const guint8 *certificate; /* DER, or NULL */
	gsize certificate_length;
	const GError *problem;
	const char *reason; /* where there is none; NULL: "ok" */
};
void report_write(struct report *report, const struct report_write *write);

/* A client was turned away without a word: a desktop notification tells the person why, where the
 * session has a bus.
 */
void report_refusal(struct report *report, const struct peer *peer, const struct subject *subject,
		    const GError *problem);
