/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A session's signing operation: see operation.h. */
#include <stdlib.h>
#include <string.h>
#include "operation.h"

void operation_clear(struct operation *operation)
{
	free(operation->buffer);
	/* Parts without their end: the agent forgets them with the connection. */
	if (operation->stream)
		agent_close(operation->stream, false);
	memset(operation, 0, sizeof(*operation));
}
