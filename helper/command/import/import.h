/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An import on its way: what was asked for, what it came to, and what is to be told of it. */
#pragma once

#include <stdbool.h>
#include <devid/account.h>
#include <devid/limits.h>
#include <internal/path.h>
#include "command/cli/password.h"
#include "keyfile/candidate.h"

struct import_options {
	char *file;
	struct candidate_choice choice;
	char *key, *label, *suggested_label, *store, *tpm_auth, *password_file, *pin_file;
	int password_fd;
	gboolean user, system, replace, accept_size, dry_run, json;
};

/* Which identity of a file is meant: rows of a command's options. */
#define IMPORT_CHOICE_OPTIONS(choice)                                          \
	{ "friendly-name",                                                     \
	  0,                                                                   \
	  0,                                                                   \
	  G_OPTION_ARG_STRING,                                                 \
	  &(choice).name,                                                      \
	  "Which identity, where FILE holds several: by its name",             \
	  "NAME" },                                                            \
		{ "number",                                                    \
		  0,                                                           \
		  0,                                                           \
		  G_OPTION_ARG_INT,                                            \
		  &(choice).number,                                            \
		  "By its number, from 1, as devid inspect shows it",          \
		  "N" },                                                       \
		{ "serial",                                                    \
		  0,                                                           \
		  0,                                                           \
		  G_OPTION_ARG_STRING,                                         \
		  &(choice).serial,                                            \
		  "By its certificate's serial number",                        \
		  "HEX" },                                                     \
		{ "fingerprint",                                               \
		  0,                                                           \
		  0,                                                           \
		  G_OPTION_ARG_STRING,                                         \
		  &(choice).fingerprint,                                       \
		  "By its certificate's SHA-256 fingerprint",                  \
		  "HEX" },                                                     \
		{ "key-type",                                                  \
		  0,                                                           \
		  0,                                                           \
		  G_OPTION_ARG_STRING,                                         \
		  &(choice).key_type,                                          \
		  "By its key: RSA, EC, \"EC P-256\" and the like",            \
		  "TYPE" },                                                    \
	{                                                                      \
		"expires", 0, 0, G_OPTION_ARG_STRING, &(choice).expires,       \
			"By the day on which it expires, as 2027-11-22", "DAY" \
	}

struct import {
	const struct import_options *options;
	struct password_words password;
	struct bundle *bundle;
	GPtrArray *candidates;
	const struct candidate *candidate; /* of them: the one that is meant */
	gnutls_x509_crt_t *chain;
	size_t chain_count;
	struct devid_account *account;
	struct devid_verdict *verdict;
	struct devid_size size;
	bool size_accepted;

	enum scope scope;
	bool foreign;	      /* to the token that options->store names */
	const char *store;    /* "keyring", "file", "tpm", or the token's label */
	char *token;	      /* that, where it is foreign */
	const char *tpm_auth; /* what --tpm-auth says, or what the key that it replaces had */
	char *label;
	char *asked_label;  /* by --label or the account; NULL: the file's own will do */
	const char *moves;  /* the record whose key the agent is to take; NULL: the candidate brings
			       it */
	char *renamed_from; /* it was here under that label */

	bool changed;
	bool replaced; /* … and took the place of another certificate */
	char *uri;
	GBytes *id;
	GPtrArray *warnings; /* char* */
	GPtrArray *told;     /* char*: units that heard of it; NULL: nothing was replaced */
	GPtrArray *holders;  /* struct holder: others that may have to; likewise */
	bool logged;	     /* the agent wrote the event */
};

void import_clear(struct import *import);
/* Reads the file (and the key's), picks the identity. */
bool import_read(struct import *import, GError **error);
/* Key kinds, sizes, the account's verdict, the label; warnings as they are found. */
bool import_check(struct import *import, GError **error);
