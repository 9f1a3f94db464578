/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was in the user's file, decoded and picked here as the user, as plain PEM for devid-admin:
 * neither the file's name nor its password goes further.
 */
#include "base/error.h"
#include "keyfile/bundle.h"
#include "hand-over.h"

static bool add_pem(struct secret *text, const char *type, const void *data, gsize length,
		    GError **error)
{
	gnutls_datum_t der = { (unsigned char *)(uintptr_t)data, (unsigned)length };
	gnutls_datum_t pem = { NULL, 0 };
	bool ok = gnutls_pem_base64_encode2(type, &der, &pem) >= 0 &&
		  secret_append(text, pem.data, pem.size) == DEVID_OK;

	if (pem.data)
		secret_wipe(pem.data, pem.size);
	gnutls_free(pem.data);
	return ok || devid_error_set(error, DEVID_FAILED, NULL, NULL, "no memory for the identity");
}

static bool write_identity(const struct candidate *candidate, struct secret *text, GError **error)
{
	gsize length;
	const void *data;

	if (candidate->pkcs8.length > 0 &&
	    !add_pem(text, "PRIVATE KEY", candidate->pkcs8.data, candidate->pkcs8.length, error))
		return false;
	if (candidate->wrapped) {
		data = g_bytes_get_data(candidate->wrapped, &length);
		if (!add_pem(text, "TSS2 PRIVATE KEY", data, length, error))
			return false;
	}
	for (guint i = 0; i < candidate->chain->len; i++) {
		const struct bundle_certificate *certificate = candidate->chain->pdata[i];

		data = g_bytes_get_data(certificate->der, &length);
		if (!add_pem(text, "CERTIFICATE", data, length, error))
			return false;
	}
	return true;
}

enum exit_status import_hand_over(const struct import *import, struct by_root *by_root,
				  GError **error)
{
	const struct import_options *options = import->options;
	const struct candidate *candidate = import->candidate;
	AUTO_SECRET struct secret text = SECRET_INIT;
	const char *name = options->suggested_label;

	if (!write_identity(candidate, &text, error))
		return EXIT_FAILED;
	if (!name && candidate->named)
		name = candidate->name;
	by_root_option(by_root, "label", options->label);
	by_root_option(by_root, "suggested-label", name);
	by_root_option(by_root, "store", options->store);
	by_root_option(by_root, "tpm-auth", options->tpm_auth);
	by_root_flag(by_root, "replace", options->replace);
	by_root_flag(by_root, "accept-size", options->accept_size);
	by_root_flag(by_root, "dry-run", options->dry_run);
	by_root_flag(by_root, "json", options->json);
	return by_root_run(by_root, "import-cert", &text, error);
}
