/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A certificate as the records want it: what of it is kept, and whether the account takes it. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <gnutls/x509.h>
#include <devid/account.h>
#include <internal/record.h>
#include "identity-mark.h"

#define KEY_ID_SIZE 20

struct certificate {
	gnutls_x509_crt_t x509;
	GBytes *der;
	GBytes *spki; /* DER SubjectPublicKeyInfo */
	guint8 spki_hash[32];
	char spki_hex[SPKI_HEX_SIZE];
	guint8 id[KEY_ID_SIZE]; /* CKA_ID where nobody chose another: SHA-1 of the SPKI */
	guint8 check_value[3];
	char *name;	/* a label: its common name, else its subject */
	bool authority; /* basic constraints say CA */
};
#define CERTIFICATE_INIT ((struct certificate){ 0 })
#define AUTO_CERTIFICATE __attribute__((cleanup(certificate_clear)))

/* `what` begins the messages. DEVID_BAD_DATA. */
bool certificate_read(GBytes *der, const char *what, struct certificate *certificate,
		      GError **error);
void certificate_clear(struct certificate *certificate);

/* Whether it can be a device's at all (DEVID_CHECK_FAILED), and the size rule (DEVID_TOO_LARGE);
 * `accept`: as --accept-size, which
 * `*accepted` says was needed.
 */
bool certificate_fits(const struct certificate *certificate, const struct devid_account *account,
		      bool accept, bool *accepted, GError **error);
/* The rule for a signing certificate. */
bool certificate_fits_signing(const struct certificate *certificate,
			      const struct devid_account *account, GError **error);
/* DEVID_UNSUPPORTED for a key that a device may not have. */
bool certificate_spki_is_supported(GBytes *spki, const char *what, GError **error);

/* The hash that names a private half, and the default CKA_ID. */
void certificate_spki_digest(GBytes *spki, guint8 hash[32], char hex[SPKI_HEX_SIZE],
			     guint8 id[KEY_ID_SIZE]);
/* Whether a label may be: UTF-8, printable, not too long. DEVID_USAGE. */
bool certificate_label_is_good(const char *label, GError **error);
