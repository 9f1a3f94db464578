/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The agent as our programs talk to it; its refusals become GErrors. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <internal/client.h>
#include "identity.h"

bool agent_connect(struct client *client, enum scope scope, enum client_start start,
		   GError **error);
bool agent_ask(struct client *client, struct wire_frame *request, struct wire_frame *reply,
	       GError **error);
/* One signature by the agent itself, for what PKCS#11's error codes can't tell: why a key of
 * ours doesn't sign.
 */
bool agent_try_key(const struct identity *identity, GError **error);
