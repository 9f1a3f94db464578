/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The key on a token of another module (--store 'pkcs11:…'): that makes it, and signs. */
#pragma once

#include "request.h"

bool request_by_foreign(struct request *request, GError **error);
