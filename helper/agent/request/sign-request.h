/* Signatures. */
#ifndef AGENT_REQUEST_SIGN_REQUEST_H
#define AGENT_REQUEST_SIGN_REQUEST_H

#include "session.h"

/* Ends a multi-part signature. */
void sign_request_end(struct session *session);

#endif
