/* How foreign.c puts its findings into the list of identities. */
#ifndef COMMAND_IDENTITY_LIST_H
#define COMMAND_IDENTITY_LIST_H

#include "command.h"

/* Takes `record` (malloc()ed, as its content is) over; the texts are copied. */
void identity_list_append_foreign(struct identity_list *list, struct record *record,
				  const char *uri, const char *query, const char *token,
				  bool hardware);
/* Another user's, as root sees it; takes `record` over likewise. */
void identity_list_append_user(struct identity_list *list, struct record *record, const char *user);

#endif
