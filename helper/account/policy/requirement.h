/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an account asks of a device certificate besides its chain: extended key usages, an
 * extension. */
#pragma once

#include <gnutls/x509.h>
#include <devid/account.h>

struct requirement {
	enum devid_protection protection;
	char **ekus;	 /* OIDs; each must be there */
	char *extension; /* OID; or NULL */
	char **values;	 /* one of them must be the extension's; NULL: any value */
};

/* Setters for account.conf, whose target is a struct requirement (conf.h). */
char *requirement_set_eku(void *target, const char *value);
char *requirement_set_extension(void *target, const char *value);
void requirement_clear(struct requirement *requirement);

/* NULL where the certificate meets it; else the reason word, and *message is made. */
const char *requirement_check(const struct requirement *requirement, gnutls_x509_crt_t certificate,
			      char **message);

/* The short name of an extended key usage, as RequireEKU= takes it, or NULL. */
const char *requirement_usage_name(const char *oid);
