/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An identity as our programs see it: a record, and the certificates in it. */
#pragma once

#include <stdbool.h>
#include <gnutls/x509.h>
#include <internal/path.h>
#include <internal/record.h>

struct identity {
	enum scope scope;
	struct record *record;	  /* borrowed from the list */
	bool opened;		  /* chain and chain_count tell */
	gnutls_x509_crt_t *chain; /* leaf first; NULL for a lone key */
	size_t chain_count;
	char *uri;	   /* pkcs11:token=…;object=…, or id=… (uri.c) */
	const char *token; /* the token's label */
	bool foreign;	   /* on a token that isn't ours: `record` is made up from what it shows */
	bool hardware;	   /* … and that token says it is hardware */
	char *user;	   /* whose it is where that is another user (list --all-users), or NULL */
	char *query; /* … "?pin-source=…" of the URI as it was given, or NULL; never printed */
};
