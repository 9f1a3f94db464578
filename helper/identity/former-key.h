/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The former keys of an identity: replaced, and for use by programs that had found them before. */
#pragma once

#include <time.h>
#include <json-glib/json-glib.h>
#include "identity.h"

struct former_key {
	char *key;	   /* "P-256" */
	char *serial;	   /* its certificate's, hex */
	char *fingerprint; /* … SHA-256, hex */
	time_t until;	   /* when its use ends */
};

/* struct former_key, of those whose use has not ended; none where their records can't be read. */
GPtrArray *former_key_list(const struct identity *identity);
/* When the identity took their place; 0: that can't be read. */
time_t former_key_replaced(const struct identity *identity);
