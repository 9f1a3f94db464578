/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Revoking: what is written into the account's files for it. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <devid/account.h>

/* The file that `devid account revoke` makes where SerialsFile= names none. */
#define REVOKE_FILE "revoked"

/* The value of SerialsFile=, or NULL. */
const char *revoke_serials_file(const struct devid_account *account);
/* Whether Serials= or SerialsFile= has the certificate's serial number (and not: a revocation
 * list). */
bool revoke_is_listed(const struct devid_account *account, gnutls_x509_crt_t certificate,
		      const char *key_id);
/* The key identifier of its issuer (g_free()): of the signing certificate that issued it, else what
 * it says itself; NULL: it can't be known.
 */
char *revoke_issuer_key_id(const struct devid_account *account, gnutls_x509_crt_t certificate);

/* `text` with a line more for the certificate: "0a:11:22@KEY-ID  # CN=laptop, issued by CN=CA, on
 * 2026-11-24" (without the issuer's key identifier, whoever issued it, where that is NULL), or NULL
 * with *why: static words for what is wrong with text or certificate. *changed false: its serial
 * number is there already. All that was there stays as it was.
 */
GBytes *revoke_add_line(GBytes *text, gnutls_x509_crt_t certificate, const char *key_id, time_t now,
			bool *changed, const char **why);
/* account.conf (`text` may be NULL: there is none) with SerialsFile=REVOKE_FILE in [Revocation].
 * NULL: it would be longer than account.conf may be.
 */
GBytes *revoke_add_key(GBytes *text);
