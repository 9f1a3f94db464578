/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Everything that can be known before anything is written: what is in the files and which identity
 * is meant, limits, the account's verdict, the label. */
#include <string.h>
#include <time.h>

#include "account/check-path.h"
#include "account/remark.h"
#include "base/error.h"
#include "base/moment.h"
#include "command/cli/account.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "identity/describe.h"
#include "keyfile/bundle.h"
#include "keyfile/candidate-pick.h"
#include "keyfile/pem.h"
#include "import.h"
#include "report.h"

/* --- the files -------------------------------------------------------------------------------- */

static void warn_of_readers(struct import *import, bool others_read, const char *title)
{
	if (others_read)
		import_warn(import, "%s: other users of this computer can read it: chmod 600",
			    title);
}

/* Keys of a file of their own, beside the certificates of the first. */
static bool read_key_file(struct import *import, GError **error)
{
	const char *title = bundle_title(import->options->key);
	AUTO_SECRET struct secret bytes = SECRET_INIT;
	AUTO_BUNDLE struct bundle *other = NULL;
	bool others_read;

	if (!bundle_read_file(import->options->key, &bytes, &others_read, error))
		return false;
	other = pem_read_bundle(title, &bytes, &import->password.source, error);
	if (!other)
		return false;
	if (other->wrapped && !import->bundle->wrapped)
		import->bundle->wrapped = g_steal_pointer(&other->wrapped);
	else if (!other->keys->len)
		return devid_error_set(error, DEVID_NOT_FOUND, "no-key",
				       "name the private key's file", "%s: no private key is in it",
				       title);
	warn_of_readers(import, others_read, title);
	if (other->password == BUNDLE_PASSWORD_EMPTY)
		import->bundle->password = BUNDLE_PASSWORD_EMPTY;
	/* The bundle owns them from here on; the array must not free them with itself. */
	g_ptr_array_extend_and_steal(import->bundle->keys, g_ptr_array_ref(other->keys));
	for (guint i = 0; i < other->certificates->len; i++) {
		struct bundle_certificate *certificate = other->certificates->pdata[i];

		bundle_add_certificate(import->bundle, g_bytes_get_data(certificate->der, NULL),
				       g_bytes_get_size(certificate->der), NULL, NULL);
	}
	return true;
}

bool import_read(struct import *import, GError **error)
{
	const struct import_options *options = import->options;
	const char *title = bundle_title(options->file);
	AUTO_SECRET struct secret bytes = SECRET_INIT;
	g_autofree char *told = NULL;
	bool others_read, alone;

	if (!bundle_read_file(options->file, &bytes, &others_read, error))
		return false;
	import->bundle = pem_read_bundle(title, &bytes, &import->password.source, error);
	if (!import->bundle)
		return false;
	secret_clear(&bytes);
	warn_of_readers(import, others_read && import->bundle->keys->len, title);
	if (options->key && !read_key_file(import, error))
		return false;
	if (import->bundle->password == BUNDLE_PASSWORD_EMPTY)
		import_warn(import, "%s: its password is empty; other systems refuse such files",
			    title);
	alone = import->bundle->kind != BUNDLE_PKCS12 && !options->key;
	import->candidates = candidates_find(import->bundle, alone, error);
	if (!import->candidates) {
		if (error)
			g_prefix_error(error, "%s: ", title);
		return false;
	}
	import->candidate =
		candidates_pick(import->candidates, &options->choice, title, &told, error);
	if (!import->candidate)
		return false;
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
	return true;
}

/* --- the check -------------------------------------------------------------------------------- */

/* A private key never goes to a token without these being so: libp11 and TLS clients depend on
 * them. */
static bool check_key(const struct import *import, GError **error)
{
	gnutls_pubkey_t key;
	const char *why = "its public key can't be read";
	enum devid_result result = DEVID_UNSUPPORTED;

	if (gnutls_pubkey_init(&key) >= 0) {
		if (gnutls_pubkey_import_x509(key, import->chain[0], 0) >= 0)
			result = devid_key_supported(key, &why);
		gnutls_pubkey_deinit(key);
	}
	if (result == DEVID_OK)
		return true;
	return devid_error_set(error, result, "key-unsupported", NULL, "%s: %s",
			       bundle_title(import->options->file), why);
}

/* Whatever account there is, and whoever issued it: a check of it could never pass. */
static bool check_device(const struct import *import, GError **error)
{
	const char *word = check_not_a_device(import->account, import->chain[0]);
	const struct devid_reason *row = devid_reason_find(word);

	if (!row)
		return true;
	return devid_error_set(error, row->result, row->word, row->hint, "%s: %s",
			       bundle_title(import->options->file), row->cause);
}

static bool check_size(struct import *import, GError **error)
{
	const struct devid_size *size = &import->size;
	bool acceptable = false;
	gsize length = g_bytes_get_size(import->candidate->leaf->der);

	if (devid_device_size(import->account, length, &import->size, &acceptable) == DEVID_OK)
		return true;
	if (acceptable && import->options->accept_size) {
		import->size_accepted = true;
		import_warn(
			import,
			"the certificate has %zu bytes as PEM, over the limit of %zu; taken as asked, "
			"for it has %zu as DER",
			size->pem, size->limit, size->der);
		return true;
	}
	if (acceptable)
		devid_error_set(error, DEVID_TOO_LARGE, "device-too-large",
				"if your service counts DER: import-cert --accept-size, "
				"or SizeMeasure=der in account.conf",
				"the certificate has %zu bytes as PEM, over the limit of %zu, "
				"but %zu as DER, which is within it",
				size->pem, size->limit, size->der);
	else
		devid_error_set(
			error, DEVID_TOO_LARGE, "device-too-large", NULL,
			"the certificate has %zu bytes as PEM and %zu as DER, over the limit of %zu",
			size->pem, size->der, size->limit);
	return false;
}

/* The certificate may be ahead of the account: at import the verdict is a warning. */
static bool check_chain(struct import *import, GError **error)
{
	const struct devid_verdict *verdict;
	enum devid_result result = devid_check(import->account, import->chain, import->chain_count,
					       time(NULL), &import->verdict);

	if (result != DEVID_OK)
		return devid_error_set(error, result, NULL, NULL, "check: %s",
				       devid_reason_for(result)->cause);
	verdict = import->verdict;
	if (verdict->result == DEVID_OK)
		return true;
	if (verdict->brackets && !import->options->json)
		print_line(stderr, "%s", verdict->brackets);
	if (verdict->result == DEVID_NO_ACCOUNT)
		import_warn(import, "there is no account to check the certificate against");
	else
		import_warn(import, "the check fails for now: %s", verdict->message);
	if (verdict->hint && !import->options->json)
		report_hint("%s", verdict->hint);
	return true;
}

static void warn_of_expiry(struct import *import)
{
	time_t ends = gnutls_x509_crt_get_expiration_time(import->chain[0]), now = time(NULL);
	g_autofree char *date = moment_date(ends);

	/* One that has expired already is in the check's words, where there is an account. */
	if (ends < now && import->verdict->result == DEVID_NO_ACCOUNT)
		import_warn(import, "the certificate expired on %s", date);
	else if (ends >= now && describe_ends_soon(ends, now, import->account))
		import_warn(import, "the certificate expires soon: on %s", date);
}

static void warn_of_remarks(struct import *import)
{
	g_autoptr(GPtrArray) remarks =
		remark_find(import->account, import->chain, import->chain_count);

	for (guint i = 0; i < remarks->len; i++) {
		const struct remark *remark = remarks->pdata[i];

		import_warn(import, "%s", remark->message);
		if (!import->options->json)
			report_hint("%s", remark->reason->hint);
	}
}

static void warn_of_protection(struct import *import)
{
	static const char *const wanted[] = {
		[DEVID_PROTECTION_USER] = "a key that nobody but its user can copy",
		[DEVID_PROTECTION_ROOT] =
			"a key that its user can't copy: import it with --system, as root",
		[DEVID_PROTECTION_HARDWARE] =
			"a key that nobody can copy: import it with --store tpm, or to a hardware token, with --store URI",
	};
	enum devid_protection required = devid_account_require_protection(import->account);
	enum devid_protection given = import->foreign ? DEVID_PROTECTION_HARDWARE
				      : strcmp(import->store, "tpm") == 0
					      ? DEVID_PROTECTION_HARDWARE
				      : import->scope == SCOPE_SYSTEM ? DEVID_PROTECTION_ROOT
								      : DEVID_PROTECTION_USER;

	if (!import->foreign && required > given)
		import_warn(import, "the account asks for %s", wanted[required]);
}

/* A name out of a file, made fit: no control characters, no blanks around it, not too long. */
static char *label_from_text(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	GString *label = g_string_new(NULL);

	for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
		gunichar c = g_utf8_get_char(at);

		if (label->len + 6 > RECORD_LABEL_MAX)
			break;
		g_string_append_unichar(label, g_unichar_iscntrl(c) ? ' ' : c);
	}
	return g_strstrip(g_string_free(label, false));
}

/* --label, else the account's DefaultLabel=, else --suggested-label, else the friendly name, else
 * the subject's common name. */
static bool choose_label(struct import *import, GError **error)
{
	const char *usual = devid_account_default_label(import->account);
	const char *asked = import->options->label, *suggested = import->options->suggested_label;

	if (asked && !record_label_is_sound(asked))
		return devid_error_set(
			error, DEVID_USAGE, NULL, "choose another label",
			"the label has to be 1 to %d bytes of UTF-8 without control characters",
			RECORD_LABEL_MAX);
	import->label = asked ? g_strdup(asked)
			      : label_from_text(usual && *usual ? usual
						: suggested	? suggested
								: import->candidate->name);
	if (!*import->label) {
		g_free(import->label);
		import->label = g_strdup("device");
	}
	if (asked || (usual && *usual))
		import->asked_label = g_strdup(import->label);
	return true;
}

void import_clear(struct import *import)
{
	g_free(import->chain);
	if (import->candidates)
		g_ptr_array_unref(import->candidates);
	bundle_free(import->bundle);
	devid_verdict_free(import->verdict);
	devid_account_free(import->account);
	g_free(import->label);
	g_free(import->asked_label);
	g_free(import->renamed_from);
	g_free(import->uri);
	g_free(import->token);
	g_clear_pointer(&import->id, g_bytes_unref);
	g_ptr_array_unref(import->warnings);
	g_clear_pointer(&import->told, g_ptr_array_unref);
	g_clear_pointer(&import->holders, g_ptr_array_unref);
	password_words_clear(&import->password);
}

bool import_check(struct import *import, GError **error)
{
	import->account = account_load(NULL, import->scope == SCOPE_SYSTEM, error);
	/* A broken one's limits can't be known, so nothing counts as within them. */
	if (!import->account || !account_usable(import->account, error) ||
	    !check_device(import, error) || !check_key(import, error) ||
	    !check_size(import, error) || !choose_label(import, error) ||
	    !check_chain(import, error))
		return false;
	warn_of_expiry(import);
	warn_of_remarks(import);
	warn_of_protection(import);
	return true;
}
