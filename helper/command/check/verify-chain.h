/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid verify: what the ways of asking for it share. */
#pragma once

#include <stdbool.h>
#include "command/cli/report.h"

struct verify_request {
	const char *file;	   /* or "-" */
	const char *intermediates; /* the gateway's own, or NULL */
	const char *config, *mode;
	time_t at;
	bool json;
};

struct verify_chain {
	gnutls_x509_crt_t *certificates;
	unsigned count;
	GPtrArray *remarks; /* on a chain that passed; or NULL */
};
#define AUTO_CHAIN __attribute__((cleanup(verify_chain_clear)))
void verify_chain_clear(struct verify_chain *chain);

/* The certificates of a file with that content. No certificate at all is a chain of none, which the
 * check refuses; a damaged one is refused here.
 */
bool verify_read(const char *name, GBytes *bytes, struct verify_chain *chain, GError **error);
bool verify_read_file(const char *name, struct verify_chain *chain, GError **error);

/* Adds the request's intermediates to what was sent, and checks it. NULL: it could not be
 * checked. */
struct devid_verdict *verify_check(const struct verify_request *request, struct verify_chain *chain,
				   GError **error);

/* One line, or JSON: what was decided; an error, which is freed. */
enum exit_status verify_print(const struct verify_chain *chain, const struct devid_verdict *verdict,
			      bool json);
enum exit_status verify_fail(GError *error, bool json);
