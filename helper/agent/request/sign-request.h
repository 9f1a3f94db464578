/* Signatures. */
#pragma once

#include "session.h"

/* Ends a multi-part signature. */
void sign_request_end(struct session *session);
