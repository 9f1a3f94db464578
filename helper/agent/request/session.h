/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One client's state between its requests, and what a handler works on. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <internal/wire.h>
#include "agent/gate/peer.h"
#include "agent/key/key.h"
#include "agent/store/store.h"
#include "agent.h"

struct identity_undo;
struct key;

/* One client's state between its requests. */
struct session {
	struct agent *agent;
	struct peer peer;
	/* How a handler waits for a store: filled by agent/server/connection.c; `slow` tells that a
	 * wait begins or ends, so that the peer's hangup is watched meanwhile.
	 */
	struct store_wait wait;
	void (*slow)(struct session *session, bool begins);
	gint prompted; /* atomic: a prompt was opened for the present request */
	gint gone;     /* atomic: the peer hung up while it was waited for */
	/* a multi-part signature */
	struct key *operation_key;
	struct key_operation *operation;
	struct key_scheme operation_scheme;
	guint8 operation_hash[WIRE_SPKI_HASH];
	/* an import that is not kept yet */
	struct identity_undo *undo;
	char *undo_label;
	bool undo_size_accepted;
	GBytes *undo_certificate;
};

/* What a handler works on. `reply` is begun with RESULT; a handler that fails need not care for
 * it. */
struct exchange {
	struct session *session;
	const struct wire_frame *request;
	struct wire_frame *reply;
};
