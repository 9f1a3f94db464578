/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A session's signing operation. */
#pragma once

#include <stdlib.h>
#include <internal/path.h>
#include "agent.h"
#include "mechanism.h"

/* It knows its key by the SPKI: the object may change meanwhile. */
struct operation {
	bool active;
	bool busy;  /* a call has taken the operation out of the session, and is waiting */
	bool parts; /* C_SignUpdate was called */
	enum scope scope;
	struct mechanism_use use;
	enum devid_result refused; /* a part was: C_SignFinal says so */
	uint8_t spki_hash[WIRE_SPKI_HASH];
	uint8_t *buffer; /* parts that haven't gone to the agent: at most WIRE_DATA_MAX bytes */
	size_t length, room;
	struct connection *stream; /* on which earlier ones went; NULL: none did */
};

static inline void operation_clear(struct operation *operation)
{
	free(operation->buffer);
	/* Parts without their end: the agent forgets them with the connection. */
	if (operation->stream)
		agent_close(operation->stream, false);
	*operation = (struct operation){ 0 };
}
