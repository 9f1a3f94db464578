/* An import on its way: what was asked for, what it came to, and what is to be told of it. */
#ifndef COMMAND_IMPORT_H
#define COMMAND_IMPORT_H

#include "candidate.h"
#include "describe.h"
#include "password.h"

struct import_options {
	char *file;
	char *key, *friendly_name, *label, *store, *password_file, *pin_file;
	int password_fd;
	gboolean user, system, replace, accept_size, dry_run, json;
};

struct import {
	const struct import_options *options;
	struct password_source password;
	struct bundle *bundle;
	GPtrArray *candidates;
	const struct candidate *candidate; /* of them: the one that is meant */
	gnutls_x509_crt_t *chain;
	size_t chain_count;
	struct devid_account *account;
	struct devid_verdict *verdict;
	struct devid_size size;
	bool size_accepted;

	enum half half;
	bool foreign;	   /* to the token that options->store names */
	const char *store; /* "keyring", "file", or the token's label */
	char *token;	   /* that, where it is foreign */
	char *label;

	bool changed;
	char *uri;
	GBytes *id;
	GPtrArray *warnings; /* char* */
	bool logged;	     /* the agent wrote the event */
};

/* import-file.c: reads the file (and the key's), picks the identity. */
gboolean import_read(struct import *import, GError **error);
/* import-check.c: key kinds, sizes, the account's verdict, the label; warnings as they are found. */
gboolean import_check(struct import *import, GError **error);
/* import-own.c: through the agent; one signature through our module, or everything out again. */
gboolean import_to_own(struct import *import, GError **error);
/* import-foreign.c: the same to any other token; the module's own words for what went wrong. */
gboolean import_to_foreign(struct import *import, GError **error);
/* import-report.c */
void import_warn(struct import *import, const char *format, ...) G_GNUC_PRINTF(2, 3);
void import_report(const struct import *import);
void import_event(const struct import *import, const GError *error);

#endif
