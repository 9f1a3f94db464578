/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Identities' URIs: what they are made of, and what is printed and configured. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <internal/path.h>
#include <internal/record.h>
#include "identity.h"

/* Labels of keys that are not just their identity's name, to whose they are; borrowed from the
 * records. */
GHashTable *identity_called(const struct record_list *records);
/* The URI of `record` under that name, its own or one that it is to get, on a token whose keys are
 * called so (NULL: it isn't known how). NULL `record`: of an identity that is yet to come, all of
 * whose objects get the name.
 */
char *identity_uri(enum scope scope, GHashTable *called, const struct record *record,
		   const char *name);
/* The URI that is printed and configured, of the identity that has that name now; by the name
 * where the records can't be read. Tells of no record that it skips.
 */
char *identity_uri_now(enum scope scope, const char *name);
/* Whether `word` is its URI, also in the form that isn't printed of it. */
bool identity_has_uri(const struct identity *identity, const char *word);
/* Whether either form stands in a text. */
bool identity_uri_is_in(const struct identity *identity, const char *text);
const char *identity_token_label(enum scope scope);
