/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is looked at before a connection is made: the office, the identity, the account's check,
 * posture and rules.
 */
#pragma once

#include <stdbool.h>
#include "connect.h"

/* Office, identity, chain, posture, rules; one event. May be called again: it looks anew. */
bool connect_check(struct connect *connect, GError **error);
void connect_clear(struct connect *connect);
/* The identity alone, for whoever goes on after that check. */
bool connect_find(struct connect *connect, GError **error);
/* After a check: whether the account lets nothing be used that fails one. */
bool connect_is_enforced(struct connect *connect);
/* The event of what the gateway said: `error` NULL: it let us in. */
void connect_event(const struct connect *connect, const GError *error);
/* The identity's, for the next time that none is named. */
void connect_remember(const struct connect *connect);
