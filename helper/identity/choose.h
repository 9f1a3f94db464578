/* Which identity the words of a command name. */
#pragma once

struct choice {
	gboolean user, system; /* --user, --system; neither or both: both tokens */
	bool authorities;      /* CA certificates that other programs wrote may be meant too */
	struct identity_list *list;
};
#define AUTO_CHOICE __attribute__((cleanup(choice_clear)))

/* Rows for the options of a command that has a choice. */
#define CHOICE_OPTIONS(choice)                                                                 \
	{ "user", 0, 0, G_OPTION_ARG_NONE, &(choice).user, "On your own token", NULL },        \
	{                                                                                      \
		"system", 0, 0, G_OPTION_ARG_NONE, &(choice).system, "On the machine's token", \
			NULL                                                                   \
	}

gboolean choose_load(struct choice *choice, GError **error);
void choice_clear(struct choice *choice);
/* `operand`: a label, a URI (also of a foreign token), or NULL for the one that is chosen where
 * none is named. Belongs to the
 * choice. */
const struct identity *choose(struct choice *choice, const char *operand, GError **error);
/* For what changes an identity: ours, and not on both tokens under this label. */
const struct identity *choose_own(struct choice *choice, const char *operand, GError **error);
