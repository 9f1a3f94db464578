/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What becomes of a request that is made: to its file, and told. */
#pragma once

#include "request.h"

/* As request->hand_out(). */
bool hand_out_request(const struct request *request, const gnutls_datum_t *pem, GError **error);
