/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A desktop notification, where the session has a bus and somebody on it shows them. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <devid/result.h>

/* As the Desktop Notifications Specification numbers them. */
enum notify_urgency { NOTIFY_NORMAL = 1, NOTIFY_CRITICAL = 2 };

struct notice {
	const char *summary;
	const char *body; /* plain text: it is made markup on its way */
	enum notify_urgency urgency;
};

/* The summary for what a client was turned away with; NULL: nobody needs to be told. */
const char *notify_summary(enum devid_result result);
/* Shows it, or answers false; in at most 3 s either way. A bus is never started. */
bool notify_show(const struct notice *notice);
/* The lines that the command prints of an error about an identity: brackets, "LABEL: why", "hint:
 * …". `label` NULL, or one that the message begins with already: the message alone.
 */
char *notify_text(const char *label, const GError *error);
