/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A call to the Secret Service, within the bound of its request. */
#pragma once

#include "keyring-bound.h"
#include "keyring-link.h"

GVariant *keyring_call(struct keyring_link *link, struct keyring_bound *bound, const char *path,
		       const char *interface, const char *method, GVariant *parameters,
		       const char *reply_type, GError **error);
