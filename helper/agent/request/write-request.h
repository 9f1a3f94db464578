/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Imports, and what else changes an identity. */
#pragma once

#include "session.h"

/* Undoes an import that was not kept. */
void write_request_end(struct session *session);
