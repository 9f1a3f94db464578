/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A TLS handshake with the device key: what a server asks for, and what it says to the answer. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "identity/identity.h"

enum server_outcome {
	SERVER_ACCEPTED,    /* the handshake stood, and nothing spoke against the certificate */
	SERVER_NOT_ASKED,   /* the handshake stood; no certificate was asked for */
	SERVER_REFUSED,	    /* an alert that speaks of the certificate */
	SERVER_CLOSED,	    /* closed right after the certificate, without a word */
	SERVER_HANDSHAKE,   /* the handshake failed for another reason */
	SERVER_UNREACHABLE, /* no connection */
	SERVER_SILENT,	    /* no answer within the bound */
	SERVER_KEY,	    /* the key could not sign */
};

struct server_report {
	char *host;
	guint16 port;
	enum server_outcome outcome;
	char *version;		  /* "TLS1.3", or NULL where none was agreed on */
	char *cipher;		  /* or NULL */
	bool asked;		  /* the server asked for a certificate */
	bool had_none;		  /* and there was none to send */
	GPtrArray *issuers;	  /* char*: names it says it accepts, as devid prints names */
	bool ours_named;	  /* one of them issued the leaf or a certificate of its chain */
	char *alert;		  /* the alert's name as the standard has it, or NULL */
	char *detail;		  /* what the library or the system says, or NULL */
	int trusted;		  /* the server's own certificate: 1, 0, or -1: not seen */
	char *distrust;		  /* why not */
	enum devid_result result; /* for the exit status */
};

/* Bounded by 10 s (a keyring's open prompt aside). Returns false only where it can't begin: the
 * words are off, the module isn't there. `ca_file` NULL: the system's trust; `identity` NULL: no
 * certificate is sent.
 */
bool check_server(const char *address, const char *ca_file, const struct identity *identity,
		  struct server_report *report, GError **error);
struct attempt;
/* Its steps, for whoever goes on with the session. The handshake, on a connection that stands;
 * false: the report says what failed. */
bool probe_shake_hands(struct attempt *attempt);
/* Version, cipher, and whether the server is trusted. */
void probe_take_session(struct attempt *attempt);
/* What a code of GnuTLS's means, that the session failed with. */
void probe_take_failure(struct attempt *attempt, int code);
void probe_report_clear(struct server_report *report);
#define AUTO_SERVER_REPORT __attribute__((cleanup(probe_report_clear)))
