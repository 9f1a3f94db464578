/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signatures. */
#pragma once

#include "session.h"

/* The key, opened; NULL, and told (gate_failed). */
struct key *sign_request_key(struct session *session, struct subject *subject, GError **error);
/* Ends a multi-part signature. */
void sign_request_end(struct session *session);
