/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `devid connect` in its parts. */
#pragma once

#include "command/vpn/driver.h"
#include "command/vpn/session.h"
#include "identity/naming.h"
#include "identity/verdict.h"

struct connect {
	struct connection *connection;
	const struct vpn_driver *driver;
	char *label;	      /* --identity: a label or a URI; NULL: the connection's, or chosen */
	char *user;	      /* --user, or NULL */
	char *password_file;  /* --password-file, or NULL */
	gboolean save, fresh; /* --save, --reset-cred */
	gboolean json;
	bool may_ask;	  /* there may be a person at a terminal */
	bool interrupted; /* by a signal: whoever waits, waits no longer */
	FILE *log;	  /* where the client's lines go, or NULL */
	/* found by connect_check() */
	struct naming naming;
	struct accounts accounts;
	const struct identity *identity; /* NULL: none is needed, and there is none */
	time_t found;			 /* when that was */
	char *office;			 /* this is that office: no tunnel is needed */
	char *posture; /* refused, and a rule would let in but for the device's state */
	struct vpn_session session;
};
