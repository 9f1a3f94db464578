/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The whole identity onto a foreign token, or nothing of it: key, public key, certificate and
 * chain, then a signature; each object that was made is taken out again if a later step fails.
 */
#include <string.h>
#include "base/auto-gnutls.h"
#include "base/certificate.h"
#include "base/error.h"
#include "identity/foreign-token.h"
#include "identity/token.h"
#include "foreign.h"
#include "import.h"
#include "report.h"

struct writing {
	struct import *import;
	struct foreign_token token;
	GBytes *id;
	GPtrArray *made;    /* URLs of objects that weren't there before */
	GPtrArray *old_ids; /* of identities under the same label, to go after the new one works */
	GPtrArray *
		old_certificates; /* under our id, with another content: renewed for the same key */
	bool key_there, certificate_there;
	char *key_label; /* of a key that waits for its certificate; NULL: none does */
	bool named;	 /* the label is one that was asked for on the command line */
};

/* The CKA_ID that our own tokens and GnuTLS's tools give: SHA-1 of the public key. */
static GBytes *key_id(gnutls_x509_crt_t crt)
{
	guint8 id[20];
	size_t size = sizeof(id);

	if (gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA1, id, &size) < 0)
		return g_bytes_new(NULL, 0);
	return g_bytes_new(id, size);
}

static GBytes *leaf_spki(const struct import *import)
{
	g_auto(gnutls_pubkey_t) key = NULL;
	g_auto(gnutls_datum_t) der = { NULL, 0 };

	if (gnutls_pubkey_init(&key) < 0 ||
	    gnutls_pubkey_import_x509(key, import->chain[0], 0) < 0 ||
	    gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &der) < 0)
		return g_bytes_new(NULL, 0);
	return g_bytes_new(der.data, der.size);
}

/* A certificate that comes alone is for a key that was made on the token, under whatever id, and
 * takes that and its label.
 */
static void find_waiting(struct writing *writing)
{
	g_autoptr(GBytes) spki = leaf_spki(writing->import);
	char *label = NULL;
	GBytes *id = foreign_find_spki(&writing->token, spki, &label);

	if (!id)
		return;
	g_bytes_unref(writing->id);
	writing->id = id;
	writing->key_label = label;
	writing->key_there = true;
}

static bool look_for_key(struct writing *writing, GError **error)
{
	g_autoptr(GPtrArray) keys =
		foreign_find(&writing->token, FOREIGN_PRIVATE, writing->id, NULL, error);

	if (!keys)
		return false;
	writing->key_there = keys->len > 0;
	if (keys->len == 0 && !writing->import->candidate->pkcs8.length)
		find_waiting(writing);
	return true;
}

static bool look_for_own(struct writing *writing, GError **error)
{
	struct import *import = writing->import;
	g_autoptr(GPtrArray) certificates = NULL;

	if (!look_for_key(writing, error))
		return false;
	certificates = foreign_find(&writing->token, FOREIGN_CERTIFICATE, writing->id, NULL, error);
	if (!certificates)
		return false;
	for (guint i = 0; i < certificates->len; i++) {
		const struct foreign_object *object = certificates->pdata[i];

		if (!g_bytes_equal(object->der, import->candidate->leaf->der)) {
			g_ptr_array_add(writing->old_certificates, g_bytes_ref(object->der));
			continue;
		}
		writing->certificate_there = true;
		g_free(import->label);
		import->label = g_strdup(object->label);
	}
	return true;
}

/* Others under our label. */
static bool look_for_label(struct writing *writing, GError **error)
{
	static const enum foreign_type types[] = { FOREIGN_CERTIFICATE, FOREIGN_PRIVATE };

	for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
		g_autoptr(GPtrArray) objects = foreign_find(&writing->token, types[i], NULL,
							    writing->import->label, error);

		if (!objects)
			return false;
		for (guint j = 0; j < objects->len; j++) {
			const struct foreign_object *object = objects->pdata[j];

			if (!g_bytes_equal(object->id, writing->id))
				g_ptr_array_add(writing->old_ids, g_bytes_ref(object->id));
		}
	}
	return true;
}

/* A token's objects get another label from the token's own tool alone. */
static bool same_label(const struct writing *writing, GError **error)
{
	const struct import *import = writing->import;
	g_autofree char *hint = NULL, *uri = NULL;

	if (!import->asked_label || strcmp(import->asked_label, import->label) == 0)
		return true;
	uri = foreign_plain_uri(&writing->token, import->label);
	hint = g_strdup_printf("p11tool --login --set-label='%s' '%s' renames it",
			       import->asked_label, uri);
	return devid_error_set(error, DEVID_EXISTS, "exists", hint,
			       "token %s: it is already there, as \"%s\"", writing->token.label,
			       import->label);
}

static bool look(struct writing *writing, GError **error)
{
	if (!look_for_own(writing, error))
		return false;
	if (writing->key_label && *writing->key_label && !writing->certificate_there &&
	    !writing->old_certificates->len) {
		g_free(writing->import->label);
		writing->import->label = g_strdup(writing->key_label);
		if (writing->named && !same_label(writing, error))
			return false;
	}
	if (writing->certificate_there && writing->key_there)
		return same_label(writing, error);
	if (!look_for_label(writing, error))
		return false;
	if (!writing->key_there && !writing->import->candidate->pkcs8.length)
		return devid_error_set(
			error, DEVID_KEY_MISSING, NULL, "name the key's file: --key FILE",
			"token %s: the certificate's key is not on it", writing->token.label);
	if ((writing->old_ids->len || writing->old_certificates->len) &&
	    !writing->import->options->replace)
		return devid_error_set(
			error, DEVID_EXISTS, "exists",
			"choose another --label, or --replace what is there",
			writing->old_ids->len
				? "token %s: another identity is already called %s"
				: "token %s: another certificate for the key of %s is already there",
			writing->token.label, writing->import->label);
	return true;
}

static bool made(struct writing *writing, enum foreign_type type, GBytes *id, const char *label,
		 const char *what, int code, GError **error)
{
	if (code < 0) {
		foreign_error(&writing->token, what, code, error);
		return false;
	}
	g_ptr_array_add(writing->made, foreign_url(&writing->token, type, id, label));
	return true;
}

static gnutls_datum_t id_datum(GBytes *id)
{
	gsize size;
	const void *data = g_bytes_get_data(id, &size);

	return (gnutls_datum_t){ (unsigned char *)data, (unsigned)size };
}

/* What else there is for a key out of a file, where a token takes none: a TPM's makes its own. */
static void name_ways_out(const struct writing *writing, GError **error)
{
	GError *problem = error ? *error : NULL;
	g_autofree char *hint = NULL;

	if (!problem || g_strcmp0(devid_error_reason(problem), "token-refused") != 0)
		return;
	hint = g_strdup_printf(
		"into this computer's TPM it goes by --store tpm; or let the token make a "
		"key of its own: devid request --store '%s'",
		writing->import->options->store);
	*error = NULL;
	devid_error_set(error, devid_error_result(problem), "token-refused", hint, "%s",
			problem->message);
	g_error_free(problem);
}

static bool write_key(struct writing *writing, GError **error)
{
	const struct secret *pkcs8 = &writing->import->candidate->pkcs8;
	const gnutls_datum_t der = { pkcs8->data, (unsigned)pkcs8->length };
	gnutls_datum_t id = id_datum(writing->id);
	const char *url = writing->token.url;
	gnutls_x509_privkey_t key;
	int code = gnutls_x509_privkey_init(&key);

	if (code >= 0) {
		code = gnutls_x509_privkey_import_pkcs8(key, &der, GNUTLS_X509_FMT_DER, NULL,
							GNUTLS_PKCS_PLAIN);
		if (code >= 0)
			code = gnutls_pkcs11_copy_x509_privkey2(
				url, key, writing->import->label, &id, GNUTLS_KEY_DIGITAL_SIGNATURE,
				GNUTLS_PKCS11_OBJ_FLAG_LOGIN | GNUTLS_PKCS11_OBJ_FLAG_MARK_PRIVATE |
					GNUTLS_PKCS11_OBJ_FLAG_MARK_SENSITIVE);
		gnutls_x509_privkey_deinit(key);
	}
	if (made(writing, FOREIGN_PRIVATE, writing->id, writing->import->label,
		 "the private key was refused", code, error))
		return true;
	name_ways_out(writing, error);
	return false;
}

/* Some clients (OpenSSH) look for it, some tokens make it themselves or don't want it: no error. */
static void write_public_key(struct writing *writing)
{
	g_autoptr(GPtrArray) found =
		foreign_find(&writing->token, FOREIGN_PUBLIC, writing->id, NULL, NULL);
	gnutls_datum_t id = id_datum(writing->id);
	const char *label = writing->import->label;
	gnutls_pubkey_t key;
	int code;

	if (!found || found->len || gnutls_pubkey_init(&key) < 0)
		return;
	code = gnutls_pubkey_import_x509(key, writing->import->chain[0], 0);
	if (code >= 0)
		code = gnutls_pkcs11_copy_pubkey(writing->token.url, key, label, &id,
						 GNUTLS_KEY_DIGITAL_SIGNATURE,
						 GNUTLS_PKCS11_OBJ_FLAG_LOGIN);
	if (code >= 0)
		g_ptr_array_add(writing->made,
				foreign_url(&writing->token, FOREIGN_PUBLIC, writing->id, label));
	gnutls_pubkey_deinit(key);
}

static bool write_certificate(struct writing *writing, gnutls_x509_crt_t crt, GBytes *id,
			      const char *label, GError **error)
{
	const char *url = writing->token.url;
	gnutls_datum_t datum = id_datum(id);

	return made(
		writing, FOREIGN_CERTIFICATE, id, label, "a certificate was refused",
		gnutls_pkcs11_copy_x509_crt2(url, crt, label, &datum, GNUTLS_PKCS11_OBJ_FLAG_LOGIN),
		error);
}

static bool holds(const GPtrArray *objects, GBytes *der)
{
	for (guint i = 0; i < objects->len; i++)
		if (g_bytes_equal(((const struct foreign_object *)objects->pdata[i])->der, der))
			return true;
	return false;
}

/* CA certificates that are there already, under whatever label, are left as they are. */
static bool write_chain(struct writing *writing, GError **error)
{
	const struct candidate *candidate = writing->import->candidate;

	for (guint i = 1; i < candidate->chain->len; i++) {
		const struct bundle_certificate *certificate = candidate->chain->pdata[i];
		g_autoptr(GBytes) id = key_id(certificate->crt);
		g_autofree char *label = certificate_subject(certificate->crt);
		g_autoptr(GPtrArray) found =
			foreign_find(&writing->token, FOREIGN_CERTIFICATE, id, NULL, error);

		if (!found)
			return false;
		if (!holds(found, certificate->der) &&
		    !write_certificate(writing, certificate->crt, id, label, error))
			return false;
	}
	return true;
}

/* The certificate before it, for the same key, has the same id and label: it goes first and comes
 * back if anything fails.
 */
static bool take_out_old_certificate(struct writing *writing, GError **error)
{
	g_autofree char *url = foreign_url(&writing->token, FOREIGN_CERTIFICATE, writing->id, NULL);

	return !writing->old_certificates->len || foreign_delete(&writing->token, url, NULL, error);
}

static void put_back_old_certificates(struct writing *writing)
{
	for (guint i = 0; i < writing->old_certificates->len; i++) {
		gnutls_datum_t der = id_datum(writing->old_certificates->pdata[i]);
		gnutls_x509_crt_t crt;

		if (gnutls_x509_crt_init(&crt) < 0)
			continue;
		if (gnutls_x509_crt_import(crt, &der, GNUTLS_X509_FMT_DER) < 0 ||
		    !write_certificate(writing, crt, writing->id, writing->import->label, NULL))
			import_warn(writing->import, "the old certificate could not be put back");
		gnutls_x509_crt_deinit(crt);
	}
}

static bool try_signature(struct writing *writing, GError **error)
{
	g_autofree char *url = foreign_url(&writing->token, FOREIGN_PRIVATE, writing->id, NULL);

	if (token_test_sign(url, writing->import->chain[0], false, error))
		return true;
	if (error)
		g_prefix_error(error, "written, tried and taken out again: ");
	return false;
}

static void undo(struct writing *writing)
{
	for (guint i = writing->made->len; i; i--) {
		g_autoptr(GError) error = NULL;

		if (!foreign_delete(&writing->token, writing->made->pdata[i - 1], NULL, &error))
			import_warn(writing->import, "%s", error->message);
	}
	g_ptr_array_set_size(writing->made, 0);
	put_back_old_certificates(writing);
}

/* What had the label before goes last; by now the new one has signed. */
static void take_out_old_identities(struct writing *writing)
{
	static const enum foreign_type types[] = { FOREIGN_CERTIFICATE, FOREIGN_PRIVATE,
						   FOREIGN_PUBLIC };

	for (guint i = 0; i < writing->old_ids->len; i++) {
		for (size_t j = 0; j < G_N_ELEMENTS(types); j++) {
			g_autofree char *url =
				foreign_url(&writing->token, types[j], writing->old_ids->pdata[i],
					    writing->import->label);
			g_autoptr(GError) error = NULL;

			if (!foreign_delete(&writing->token, url, NULL, &error))
				import_warn(writing->import, "the old identity is still there: %s",
					    error->message);
		}
	}
}

static bool write_all(struct writing *writing, GError **error)
{
	const struct candidate *candidate = writing->import->candidate;

	if (!writing->key_there && !write_key(writing, error))
		return false;
	if (!writing->certificate_there &&
	    (!take_out_old_certificate(writing, error) ||
	     !write_certificate(writing, candidate->leaf->crt, writing->id, writing->import->label,
				error)))
		return false;
	write_public_key(writing);
	return write_chain(writing, error) && try_signature(writing, error);
}

static bool write_identity(struct writing *writing, GError **error)
{
	struct import *import = writing->import;

	if (!look(writing, error))
		return false;
	import->uri = foreign_plain_uri(&writing->token, import->label);
	import->changed = !writing->certificate_there || !writing->key_there;
	if (!import->changed || import->options->dry_run)
		return true;
	if (!write_all(writing, error)) {
		undo(writing);
		return false;
	}
	take_out_old_identities(writing);
	return true;
}

bool import_to_foreign(struct import *import, GError **error)
{
	struct writing writing = { .import = import, .token = FOREIGN_TOKEN_INIT };
	g_autofree char *object = NULL;
	bool done, from_uri = false;

	writing.id = key_id(import->chain[0]);
	writing.made = g_ptr_array_new_with_free_func(g_free);
	writing.old_ids = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	writing.old_certificates = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	done = foreign_token_open(&writing.token, import->options->store, import->options->pin_file,
				  &object, error);
	if (done) {
		if (object && !import->options->label) {
			g_free(import->label);
			g_free(import->asked_label);
			import->asked_label = g_strdup(object);
			from_uri = true;
			import->label = g_steal_pointer(&object);
		}
		import->token = g_strdup(writing.token.label);
		import->store = import->token;
		writing.named = import->options->label || from_uri;
		done = write_identity(&writing, error);
		import->id = g_bytes_ref(writing.id);
	}
	foreign_token_close(&writing.token);
	g_bytes_unref(writing.id);
	g_free(writing.key_label);
	g_ptr_array_unref(writing.made);
	g_ptr_array_unref(writing.old_ids);
	g_ptr_array_unref(writing.old_certificates);
	return done;
}
