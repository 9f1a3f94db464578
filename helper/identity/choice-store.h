/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which identity each gateway took last: choices/gateways.conf in the user's state folder, a group
 * a gateway, as
 * "[vpn.example 443]" with "Key=SHA-256 of the public key" and "Used=seconds since 1970". What
 * can't be believed (a link, another user's, too large, damaged) is as if it were not there: the
 * choice then goes by the other facts.
 */
#pragma once

#include <stdbool.h>
#include "choice.h"

/* The key that the gateway took last; NULL: nothing (that can be believed) is remembered. */
char *choice_recall(const struct choice_gateway *gateway);
bool choice_remember(const struct choice_gateway *gateway, const char *key, time_t now,
		     GError **error);
/* That nothing is remembered is fine. */
bool choice_forget(const struct choice_gateway *gateway, GError **error);
