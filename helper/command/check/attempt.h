/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One handshake under way, as its parts see it: reach.c, prepare.c, probe.c. */
#pragma once

#include <gio/gio.h>
#include <gnutls/abstract.h>

#include "identity/foreign-token.h"
#include "probe.h"

#define SERVER_BOUND_MS 10000

struct attempt {
	const struct identity *identity; /* NULL: without a certificate */
	struct server_report *report;
	gnutls_certificate_credentials_t credentials;
	gnutls_session_t session;
	gnutls_privkey_t key;
	gnutls_pcert_st *sent; /* the leaf and its chain */
	unsigned sent_count;
	GSocketConnection *connection;
	struct foreign_token token; /* for its PIN, where the key is on a foreign one */
	gint64 deadline;	    /* g_get_monotonic_time() */
};

#define AUTO_ATTEMPT __attribute__((cleanup(prepare_clear)))
