/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a person, or a program with --json, wants to know of an identity. */
#include <devid/limits.h>
#include <glib.h>

#include "base/auto-gnutls.h"
#include "base/certificate.h"
#include "base/moment.h"
#include "describe.h"

char *describe_lone_key(const struct identity *identity)
{
	const struct record_bytes *spki = &identity->record->spki;
	gnutls_datum_t der = { spki->data, (unsigned)spki->length };
	g_auto(gnutls_pubkey_t) key = NULL;
	char *text = NULL;

	if (gnutls_pubkey_init(&key) >= 0 &&
	    gnutls_pubkey_import(key, &der, GNUTLS_X509_FMT_DER) >= 0)
		text = certificate_public_key(key);
	return text ? text : g_strdup("unknown");
}

bool describe_ends_soon(time_t expires, time_t now, const struct devid_account *account)
{
	return moment_days_left(expires, now) < (gint64)devid_account_expiry_warning(account);
}

char *describe_size(gnutls_x509_crt_t certificate, const struct devid_account *account)
{
	struct devid_size size = { 0 };
	enum devid_result result =
		devid_device_size(account, certificate_der_size(certificate), &size, NULL);

	return g_strdup_printf("%zu bytes as PEM, %zu as DER (limit %zu, measured as %s)%s",
			       size.pem, size.der, size.limit,
			       size.measure == DEVID_SIZE_DER ? "DER" : "PEM",
			       result == DEVID_TOO_LARGE ? ": too large" : "");
}

enum devid_protection describe_protection(const struct identity *identity)
{
	if (identity->foreign)
		return identity->hardware ? DEVID_PROTECTION_HARDWARE : DEVID_PROTECTION_NONE;
	if (strcmp(identity->record->store, "tpm") == 0)
		return DEVID_PROTECTION_HARDWARE;
	return identity->scope == SCOPE_SYSTEM ? DEVID_PROTECTION_ROOT : DEVID_PROTECTION_USER;
}

const char *describe_copier(const struct identity *identity)
{
	static const char *const words[] = {
		[DEVID_PROTECTION_NONE] = "unknown",
		[DEVID_PROTECTION_USER] = "user",
		[DEVID_PROTECTION_ROOT] = "root",
		[DEVID_PROTECTION_HARDWARE] = "nobody",
	};

	if (!record_has_key(identity->record))
		return NULL;
	return words[describe_protection(identity)];
}
