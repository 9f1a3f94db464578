/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which identity is used where several could be, and what is remembered of it. */
#pragma once

#include <devid/check.h>
#include <glib.h>
#include <stdbool.h>

#include "identity.h"
#include "list.h"
#include "verdict.h"

/* What the choice depends on, of one identity. Each line counts only where those above are
 * equal. */
struct choice_facts {
	bool named;	/* the user said this one */
	bool accepted;	/* by the account: valid, and all that it asks for */
	bool valid;	/* within its dates, with a key: for where there is no account */
	bool used_last; /* it was the last one that this gateway took */
	time_t expires; /* the later the better */
	bool wished;	/* it bears the account's DefaultLabel= */
	bool candidate; /* it may be chosen at all: it has a certificate */
};

#define CHOICE_NONE ((size_t)-1)
/* The first of those that nothing puts behind another; CHOICE_NONE: no candidate. */
size_t choice_best(const struct choice_facts *facts, size_t count);

/* A gateway: host in lower case, port. `host` NULL: none in particular, which is the one used
 * last. */
struct choice_gateway {
	const char *host;
	guint16 port;
};

/* What is known of one identity; `verdict` is its own, `remembered` as choice_recall() has it (or
 * NULL). */
struct choice_facts choice_find_out(const struct identity *identity,
				    const struct devid_account *account,
				    const struct devid_verdict *verdict, const char *remembered);

/* Among the user's own, or the machine's where there are none (`system`: the machine's in any
 * case). *chosen NULL: there is none; `gateway` NULL: none in particular.
 */
bool choice_make(const struct identity_list *list, bool system,
		 const struct choice_gateway *gateway, struct accounts *accounts,
		 const struct identity **chosen, GError **error);
/* Whether the identity is one of those among which choice_make() does so. */
bool choice_is_meant(const struct identity_list *list, bool system,
		     const struct identity *identity);

/* choice-store.c: the user's choices/gateways.conf, which `devid reset-cred` removes. */
#define CHOICE_KEY_LENGTH 64 /* hex digits of the SHA-256 of a public key */
/* At most CHOICE_GATEWAYS_MAX are remembered, those used last. */
#define CHOICE_GATEWAYS_MAX 64
/* The key of an identity as it is remembered; NULL: it has no certificate. */
char *choice_key(const struct identity *identity);
