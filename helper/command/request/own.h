/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The key in one of our own stores: the agent makes it, and signs. */
#pragma once

#include "request.h"

bool request_by_own(struct request *request, GError **error);
