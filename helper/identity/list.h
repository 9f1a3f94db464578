/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The identities that are there; and how others put their findings into their list. */
#pragma once

#include <glib.h>
#include "identity.h"

/* The records of both tokens, read from disk without the agent. */
struct identity_list;
struct identity_list *identity_list_load(bool user, bool system, GError **error);
/* CA certificates without a key, which other programs wrote, are no identities and not in the list:
 * this adds them, as its last, for a command that means them too. Answers how many they are.
 */
size_t identity_list_add_authorities(struct identity_list *list);
size_t identity_list_count(const struct identity_list *list);
const struct identity *identity_list_get(const struct identity_list *list, size_t index);
/* Its certificates, read by identity_list_get(), are not needed any more: they take ten times what
 * the record does. */
void identity_list_done_with(const struct identity_list *list, size_t index);
/* Whether a person who writes `word` means it: its label, as it is or as it was printed with
 * escapes, or its URI.
 */
bool identity_is_named(const struct identity *identity, const char *word);
/* By label as identity_is_named() has it; NULL label: the only one, else an error that names them.
 * The user's token before the system's.
 */
const struct identity *identity_list_find(const struct identity_list *list, const char *label,
					  GError **error);
/* The one with that very label; NULL: none has it. */
const struct identity *identity_list_called(const struct identity_list *list, const char *label);
/* The URI that an identity of the list (NULL: one that is yet to come) has under that name. */
char *identity_list_uri(const struct identity_list *list, enum scope scope,
			const struct identity *identity, const char *name);
void identity_list_free(struct identity_list *list);
typedef struct identity_list identity_list;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(identity_list, identity_list_free)

/* Takes `record` (malloc()ed, as its content is) over; the texts are copied. */
void identity_list_append_foreign(struct identity_list *list, struct record *record,
				  const char *uri, const char *query, const char *token,
				  bool hardware);
/* Another user's, as root sees it; takes `record` over likewise. */
void identity_list_append_user(struct identity_list *list, struct record *record, const char *user);
