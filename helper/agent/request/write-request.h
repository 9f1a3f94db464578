/* Imports, and what else changes an identity. */
#ifndef AGENT_REQUEST_WRITE_REQUEST_H
#define AGENT_REQUEST_WRITE_REQUEST_H

#include "session.h"

/* Undoes an import that was not kept. */
void write_request_end(struct session *session);

#endif
