/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The objects that --json prints of identities: the same names in every subcommand. */
#pragma once

#include <json-glib/json-glib.h>
#include <gnutls/x509.h>
#include <devid/check.h>

#include "identity.h"

void json_certificate(JsonBuilder *builder, gnutls_x509_crt_t certificate);
void json_identity(JsonBuilder *builder, const struct identity *identity);
void json_verdict(JsonBuilder *builder, const char *name, const struct devid_verdict *verdict);
/* The same in the object that is being built; `result` is the word for its result. */
void json_verdict_members(JsonBuilder *builder, const char *result,
			  const struct devid_verdict *verdict);
