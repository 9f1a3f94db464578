/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of an import: what is in them, and which identity is meant. */
#include "base/error.h"
#include "keyfile/bundle.h"
#include "keyfile/candidate-pick.h"
#include "keyfile/candidate.h"
#include "keyfile/pem.h"
#include "file.h"
#include "import.h"
#include "report.h"

/* Keys of a file of their own, beside the certificates of the first. */
static gboolean read_key_file(struct import *import, GError **error)
{
	const char *title = bundle_title(import->options->key);
	AUTO_SECRET struct secret bytes = SECRET_INIT;
	AUTO_BUNDLE struct bundle *other = NULL;
	bool others_read;

	if (!bundle_read_file(import->options->key, &bytes, &others_read, error))
		return FALSE;
	other = pem_read_bundle(title, &bytes, &import->password.source, error);
	if (!other)
		return FALSE;
	if (!other->keys->len)
		return devid_error_set(error, DEVID_NOT_FOUND, "no-key",
				       "name the private key's file", "%s: no private key is in it",
				       title);
	if (others_read)
		import_warn(import, "%s: other users of this computer can read it: chmod 600",
			    title);
	if (other->password == BUNDLE_PASSWORD_EMPTY)
		import->bundle->password = BUNDLE_PASSWORD_EMPTY;
	/* The bundle owns them from here on; the array must not free them with itself. */
	g_ptr_array_extend_and_steal(import->bundle->keys, g_ptr_array_ref(other->keys));
	for (guint i = 0; i < other->certificates->len; i++) {
		struct bundle_certificate *certificate = other->certificates->pdata[i];

		bundle_add_certificate(import->bundle, g_bytes_get_data(certificate->der, NULL),
				       g_bytes_get_size(certificate->der), NULL, NULL);
	}
	return TRUE;
}

gboolean import_read(struct import *import, GError **error)
{
	const struct import_options *options = import->options;
	const char *title = bundle_title(options->file);
	AUTO_SECRET struct secret bytes = SECRET_INIT;
	g_autofree char *told = NULL;
	bool others_read, alone;

	if (!bundle_read_file(options->file, &bytes, &others_read, error))
		return FALSE;
	import->bundle = pem_read_bundle(title, &bytes, &import->password.source, error);
	if (!import->bundle)
		return FALSE;
	secret_clear(&bytes);
	if (others_read && import->bundle->keys->len)
		import_warn(import, "%s: other users of this computer can read it: chmod 600",
			    title);
	if (options->key && !read_key_file(import, error))
		return FALSE;
	if (import->bundle->password == BUNDLE_PASSWORD_EMPTY)
		import_warn(import, "%s: its password is empty; other systems refuse such files",
			    title);
	alone = import->bundle->kind != BUNDLE_PKCS12 && !options->key;
	import->candidates = candidates_find(import->bundle, alone, error);
	if (!import->candidates) {
		if (error)
			g_prefix_error(error, "%s: ", title);
		return FALSE;
	}
	import->candidate =
		candidates_pick(import->candidates, &options->choice, title, &told, error);
	if (!import->candidate)
		return FALSE;
	if (told)
		import_warn(import, "%s: %s", title, told);
	for (guint i = 0; i < import->bundle->warnings->len; i++)
		import_warn(import, "%s: %s", title,
			    (const char *)import->bundle->warnings->pdata[i]);
	if (import->candidate->left_out && import->candidates->len == 1)
		import_warn(import,
			    "%s: %zu certificate%s in it %s not of the chain and %s left out",
			    title, import->candidate->left_out,
			    import->candidate->left_out == 1 ? "" : "s",
			    import->candidate->left_out == 1 ? "is" : "are",
			    import->candidate->left_out == 1 ? "is" : "are");
	import->chain = candidate_chain(import->candidate, &import->chain_count);
	return TRUE;
}
