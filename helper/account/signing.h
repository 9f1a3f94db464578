/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signing certificates as files: what one may hold. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <gnutls/x509.h>
#include <devid/account.h>

#define SIGNING_FOLDER "signing"
#define SIGNING_SUFFIX ".pem"

struct signing_file {
	gnutls_x509_crt_t certificate;
	gsize pem_size;
	bool as_given; /* PEM that every program takes: the file's bytes can be kept */
};

/* Reads the bytes of one signing certificate in any dress that certificate-list.h takes: exactly
 * one certificate, a CA (RFC 5280 sections 4.2.1.3 and 4.2.1.9), no private key beside it, at most
 * `limit` bytes as PEM (the file as given; what it becomes if it is in another dress), a key of a
 * kind that `keys` allows. The caller owns the certificate. Errors are of DEVID_ERROR and say why
 * alone: the caller knows the file's name.
 */
bool signing_read(const void *data, gsize length, gsize limit, enum devid_signing_keys keys,
		  struct signing_file *file, GError **error);

/* Whether `name` may be a signing certificate's: it becomes a file's name, and is printed. 1 to 64
 * bytes of letters, digits, '.', '-', '_' and UTF-8 beyond ASCII, no '.' in front.
 */
bool signing_name_valid(const char *name);

/* Takes one out of the account in memory: what the account would say without it. */
void signing_forget(struct devid_account *account, const char *name);

/* The signing folder, in the order of the names. False: the account is broken. */
bool signing_load(struct devid_account *account);
