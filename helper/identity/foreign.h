/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Identities on a token that isn't ours, as it shows them to everybody: no PIN is asked for. */
#pragma once

#include <stdbool.h>
#include "list.h"

/* Adds what a foreign token shows without a PIN: certificates that are not a CA's, with the CA
 * certificates beside them (foreign.c). `uri` names the token, or one object on it.
 */
bool identity_list_add_foreign(struct identity_list *list, const char *uri, GError **error);
