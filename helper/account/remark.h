/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the account accepts and others refuse: told as a warning. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <devid/account.h>
#include <devid/reason.h>

struct remark {
	const struct devid_reason *reason; /* its word and hint */
	char *message;			   /* safe to print */
};

/* What gateways may say against a chain (leaf first) that passes the check: what its usages don't
 * let it do in TLS, and a CA that it names by another serial number than the one here has. Of
 * struct remark *; never NULL.
 */
GPtrArray *remark_find(const struct devid_account *account, const gnutls_x509_crt_t *chain,
		       size_t count);

/* Whether its usages let a TLS client sign with it. */
bool remark_fits_clients(gnutls_x509_crt_t leaf);
