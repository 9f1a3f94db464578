/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which identity the words of a command name. */
#pragma once

#include <stdbool.h>

struct naming {
	gboolean user, system; /* --user, --system; neither or both: both tokens */
	bool authorities;      /* CA certificates that other programs wrote may be meant too */
	struct identity_list *list;
};
#define AUTO_NAMING __attribute__((cleanup(naming_clear)))

/* Rows for the options of a command that has a choice. */
#define NAMING_OPTIONS(naming)                                                                 \
	{ "user", 0, 0, G_OPTION_ARG_NONE, &(naming).user, "On your own token", NULL },        \
	{                                                                                      \
		"system", 0, 0, G_OPTION_ARG_NONE, &(naming).system, "On the machine's token", \
			NULL                                                                   \
	}

bool naming_load(struct naming *naming, GError **error);
void naming_clear(struct naming *naming);
/* `operand`: a label, a URI (also of a foreign token), or NULL for the one that is chosen where
 * none is named. Belongs to the
 * choice. */
const struct identity *naming_identity(struct naming *naming, const char *operand, GError **error);
/* For what changes an identity: ours, and not on both tokens under this label. */
const struct identity *naming_own(struct naming *naming, const char *operand, GError **error);
