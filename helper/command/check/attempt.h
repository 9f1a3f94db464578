/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One handshake under way, and what it needs before it can begin. */
#pragma once

#include <stdbool.h>
#include <gio/gio.h>
#include <gnutls/abstract.h>

#include "identity/foreign-token.h"
#include "probe.h"

#define SERVER_BOUND_MS 10000

struct attempt {
	const struct identity *identity; /* NULL: without a certificate */
	struct server_report *report;
	gnutls_certificate_credentials_t credentials;
	bool borrowed; /* those: of attempt_new_credentials(), for several attempts */
	gnutls_session_t session;
	gnutls_privkey_t key;
	gnutls_pcert_st *sent; /* the leaf and its chain */
	unsigned sent_count;
	GSocketConnection *connection;
	struct foreign_token token; /* for its PIN, where the key is on a foreign one */
	gint64 deadline;	    /* g_get_monotonic_time() */
};

#define AUTO_ATTEMPT __attribute__((cleanup(attempt_clear)))
/* Whom to trust: the file's CAs, or the system's (NULL). */
bool attempt_new_credentials(const char *ca_file, gnutls_certificate_credentials_t *credentials,
			     GError **error);
/* Certificates, key, trust and session, all but the connection. Credentials that are there already
 * are borrowed, and `ca_file` is theirs. After it `identity` may go, and is NULL then. */
bool attempt_prepare(struct attempt *attempt, const char *ca_file, GError **error);
void attempt_clear(struct attempt *attempt);
/* The certificates of a PEM file, to be trusted; false where none is in it. */
bool attempt_trust_file(gnutls_certificate_credentials_t credentials, const char *ca_file,
			GError **error);
/* What is left of the bound. */
int attempt_remaining_ms(const struct attempt *attempt);
/* "HOST:PORT" into the report; DEVID_USAGE for anything else. */
bool attempt_parse_address(const char *address, struct server_report *report, GError **error);
/* Connects within the bound; false: the report says why not. */
bool attempt_connect(struct attempt *attempt);
