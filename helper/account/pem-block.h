/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PEM as people hand it on (RFC 7468 section 2, "lax"): the one place that finds its blocks,
 * decodes them and takes off the dress that tools put around them. What a block holds is the
 * caller's matter.
 */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <internal/secret.h>

struct pem_block {
	const char *label;
	gsize label_length;
	const char *whole; /* from BEGIN to after END */
	gsize whole_length;
	const char *text; /* between the lines */
	gsize text_length;
};

/* Whether a block begins in it. */
bool pem_present(const void *data, gsize length);
/* The next block from *at on, which moves behind it; false at the end. `cut`: it has no END
 * line. */
bool pem_next(const char **at, const char *end, struct pem_block *block, bool *cut);
bool pem_is(const struct pem_block *block, const char *label);
/* Its label ends so: "PRIVATE KEY" is the end of every private key's. */
bool pem_ends_with(const struct pem_block *block, const char *words);
/* Its bytes; blanks of every kind are passed over. False: it isn't base64, or there is no
 * memory. */
bool pem_decode(const struct pem_block *block, struct secret *der);

/* Text in UTF-16, and base64 without BEGIN and END lines (key vaults, Kubernetes), one in the other
 * where need be: `plain` becomes what is inside, PEM or DER. False: there is no such dress, and
 * `plain` is empty.
 */
bool pem_undress(const void *data, gsize length, struct secret *plain);
