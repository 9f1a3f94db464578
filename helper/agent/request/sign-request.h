/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signatures. */
#pragma once

#include "session.h"

/* Ends a multi-part signature. */
void sign_request_end(struct session *session);
