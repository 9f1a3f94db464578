/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a handshake needs before there is a server: certificates, the key, whom to trust. */
#pragma once

#include "attempt.h"

/* Certificates, key, trust and session, all but the connection. */
gboolean prepare_attempt(struct attempt *attempt, const char *ca_file, GError **error);
void prepare_clear(struct attempt *attempt);
/* The certificates of a PEM file, to be trusted; FALSE where none is in it. */
gboolean prepare_trust_file(gnutls_certificate_credentials_t credentials, const char *ca_file,
			    GError **error);
