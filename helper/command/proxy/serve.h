/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One client of the proxy after the other, each in a thread of its own: whose it is, the check, the
 * server, and then the bytes.
 */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <gnutls/gnutls.h>

#include "connection/connection.h"

#define SERVE_MAX 1024 /* at once; others wait to be let in */

struct serve {
	struct connection *connection; /* the server, as `devid connect` knows gateways */
	char *label;		       /* --identity, or NULL */
	gnutls_certificate_credentials_t credentials; /* whom to trust */
	GMutex one;	/* checks, and words for people: one at a time */
	gint64 refused; /* when the last refused client was told of */
	GMutex counted; /* … */
	GCond gone;	/* … `count` has fallen */
	unsigned count;
};

/* Whether everything is there that the first client will need: identity, module, key. */
bool serve_try(struct serve *serve, GError **error);
/* Lets clients in until `end` is readable. */
void serve_run(struct serve *serve, int listener, int end);
