/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths from a device certificate to a signing certificate, and one link of them. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <devid/account.h>

/* The longest path that is tried, and how many steps are made to find one. */
#define CHECK_PATH_MAX	8
#define CHECK_STEPS_MAX 256

/* Why this can be no device certificate, whoever issued it: "leaf-is-signing" (a signing
 * certificate of the account, or another certificate with the key of one), "leaf-is-ca"; NULL: it
 * can.
 */
const char *check_not_a_device(const struct devid_account *account, gnutls_x509_crt_t certificate);

enum check_link {
	CHECK_LINK_NONE,      /* the name is another's */
	CHECK_LINK_OTHER_KEY, /* the name fits, the key identifiers do not */
	CHECK_LINK_FITS, /* name and key identifiers, where both are there, fit; the signature is
			    open */
};
enum check_link check_link(gnutls_x509_crt_t certificate, gnutls_x509_crt_t issuer);

/* Name, key identifiers and signature fit, whatever the certificates may do and until when. */
bool check_issued(gnutls_x509_crt_t issuer, gnutls_x509_crt_t certificate);

struct check_path {
	gnutls_x509_crt_t certificates[CHECK_PATH_MAX + 1]; /* leaf first, the anchor last */
	size_t count;					    /* with the anchor */
	const struct devid_signing *anchor;
};

/* Calls `judge` with each path that names and key identifiers allow, nearest anchors first, until
 * it answers true. `other_key` is set where a signing certificate had the right name and another
 * key.
 */
bool check_paths(const struct devid_account *account, const gnutls_x509_crt_t *chain, size_t count,
		 bool (*judge)(const struct check_path *path, void *data), void *data,
		 bool *other_key);
