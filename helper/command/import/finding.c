/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One file, opened as far as it goes; what was found in it in words, and as JSON. */
#include <string.h>
#include <devid/check.h>
#include <devid/limits.h>

#include "account/certificate-fact.h"
#include "base/certificate.h"
#include "base/error.h"
#include "base/json-build.h"
#include "base/moment.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "identity/describe.h"
#include "identity/json.h"
#include "identity/verdict.h"
#include "keyfile/bundle.h"
#include "keyfile/candidate.h"
#include "keyfile/compat.h"
#include "keyfile/p12.h"
#include "keyfile/password-source.h"
#include "keyfile/pbe.h"
#include "keyfile/pem.h"
#include "finding.h"

/* An empty password is tried where another one failed, up to this many iterations. */
#define SECOND_TRY_MAX 1000000

void finding_clear(struct finding *finding)
{
	p12_free(finding->p12);
	bundle_free(finding->bundle);
	if (finding->candidates)
		g_ptr_array_unref(finding->candidates);
	g_clear_error(&finding->error);
	secret_clear(&finding->bytes);
	secret_clear(&finding->unwrapped);
	*finding = (struct finding){ 0 };
}

static const char *password_word(enum bundle_password password)
{
	static const char *const words[] = { "none", "empty", "set" };

	return words[password];
}

/* The empty password first, where nobody named another: that tells whether one is set at all. */
static void open_p12(struct finding *finding, struct password_source *source)
{
	const struct secret empty = SECRET_INIT;
	bool cheap = p12_cost(finding->p12) <= SECOND_TRY_MAX;

	if (!p12_needs_password(finding->p12))
		finding->password = "none";
	if (p12_problem(finding->p12)) {
		finding->error = g_error_copy(p12_problem(finding->p12));
		return;
	}
	if (!p12_needs_password(finding->p12) || (cheap && !source->given(source)))
		finding->bundle = p12_unlock(finding->p12, &empty, NULL);
	if (!finding->bundle && p12_needs_password(finding->p12)) {
		if (!source->get(source, &finding->error)) {
			finding->password = cheap ? "set" : NULL;
			return;
		}
		finding->bundle = p12_unlock(finding->p12, &source->password, &finding->error);
		if (!finding->bundle && cheap && source->password.length) {
			finding->bundle = p12_unlock(finding->p12, &empty, NULL);
			if (finding->bundle)
				g_clear_error(&finding->error);
			else
				finding->password = "set";
		}
	}
	if (finding->bundle)
		finding->password = password_word(finding->bundle->password);
}

void finding_make(struct finding *finding, const char *path, struct password_source *source)
{
	finding->path = path;
	if (!bundle_read_file(path, &finding->bytes, &finding->others_read, &finding->error))
		return;
	if (pem_find_p12(&finding->bytes, &finding->unwrapped)) {
		const struct secret *p12 =
			finding->unwrapped.length ? &finding->unwrapped : &finding->bytes;

		finding->p12 =
			p12_open(p12->data, p12->length, PBE_ITERATIONS_MAX, &finding->error);
		if (finding->p12)
			open_p12(finding, source);
		if (finding->error && source->again(source, finding->error)) {
			g_clear_error(&finding->error);
			open_p12(finding, source);
		}
	} else {
		finding->bundle = pem_read_bundle(bundle_title(path), &finding->bytes, source,
						  &finding->error);
		if (finding->bundle)
			finding->password = password_word(finding->bundle->password);
	}
	if (finding->bundle)
		finding->candidates = candidates_find(finding->bundle, true, &finding->error);
}

/* A CA's certificate alone, as it is uploaded: nothing that is to pass the check. */
static bool is_signing(const struct candidate *candidate)
{
	return certificate_claims_ca(candidate->leaf->crt) && !candidate_has_key(candidate);
}

enum exit_status finding_status(const struct finding *finding, const struct devid_account *account)
{
	enum exit_status status = EXIT_DONE;

	if (!finding->candidates)
		return EXIT_FAILED;
	for (size_t i = 0; i < finding->candidates->len; i++) {
		const struct candidate *candidate = finding->candidates->pdata[i];
		g_autoptr(devid_verdict) verdict = NULL;
		g_autofree gnutls_x509_crt_t *chain = NULL;
		struct devid_size size;
		size_t count;

		if (is_signing(candidate))
			continue;
		if (devid_device_size(account, g_bytes_get_size(candidate->leaf->der), &size, NULL))
			return EXIT_FAILED;
		chain = candidate_chain(candidate, &count);
		if (devid_check(account, chain, count, time(NULL), &verdict))
			return EXIT_FAILED;
		if (verdict->result != DEVID_OK && verdict->result != DEVID_NO_ACCOUNT)
			status = report_exit_status(verdict->result);
	}
	return status;
}

/* --- what is told of it ------------------------------------------------------------------------
 */

static const char *kind_title(const struct finding *finding)
{
	static const char *const titles[] = { "PKCS#12", "PEM", "DER" };

	if (finding->p12)
		return titles[BUNDLE_PKCS12];
	return finding->bundle ? titles[finding->bundle->kind] : "unknown";
}

static bool is_empty(const struct finding *finding)
{
	return g_strcmp0(finding->password, "empty") == 0;
}

static void row(const char *name, enum colour which, const char *value)
{
	print_piece(stdout, COLOUR_PLAIN, "  %-12s ", name);
	print_format(stdout, which, "\n", "%s", value);
}

/* A file with forty keys under one cipher says so once. */
static bool told_before(const struct p12 *p12, size_t index, const char *text)
{
	for (size_t i = 0; i < index; i++) {
		g_autofree char *other = pbe_describe(p12_cipher(p12, i));

		if (strcmp(other, text) == 0)
			return true;
	}
	return false;
}

static void print_protection(const struct finding *finding)
{
	const struct p12 *p12 = finding->p12;
	g_autoptr(GPtrArray) failures = compat_failures(p12, is_empty(finding));
	const char *const *lines = compat_older_lines(p12);

	if (p12_mac(p12)) {
		g_autofree char *mac = pbe_describe(p12_mac(p12));

		row("integrity", COLOUR_PLAIN, mac);
	} else {
		row("integrity", COLOUR_WARN, "no check in the file");
	}
	for (size_t i = 0; i < p12_cipher_count(p12); i++) {
		g_autofree char *cipher = pbe_describe(p12_cipher(p12, i));

		if (!told_before(p12, i, cipher))
			row(i ? "" : "encryption", COLOUR_PLAIN, cipher);
	}
	for (size_t i = 0; i < failures->len; i++)
		row(i ? "" : "fails on", COLOUR_PLAIN, failures->pdata[i]);
	if (!failures->len)
		row("fails on", COLOUR_PLAIN, "none of the systems that are known");
	for (size_t i = 0; lines && lines[i]; i++)
		row(i ? "" : "for older", COLOUR_PLAIN, lines[i]);
}

static void print_verdict(const struct candidate *candidate, const struct devid_account *account)
{
	g_autoptr(devid_verdict) verdict = NULL;
	g_autofree gnutls_x509_crt_t *chain = NULL;
	g_autofree char *text = NULL;
	size_t count;

	chain = candidate_chain(candidate, &count);
	if (devid_check(account, chain, count, time(NULL), &verdict))
		return;
	text = verdict->message ? g_strdup_printf("%s: %s", verdict_word(verdict), verdict->message)
				: g_strdup(verdict_word(verdict));
	row("check", report_verdict_colour(verdict), text);
}

static char *signing_size(gnutls_x509_crt_t crt, const struct devid_account *account)
{
	size_t size = devid_pem_size(certificate_der_size(crt));

	return g_strdup_printf("%zu bytes as PEM (limit of a signing certificate %zu)%s", size,
			       devid_account_signing_limit(account),
			       devid_signing_size(account, size) ? ": too large" : "");
}

static void print_chain(const struct candidate *candidate)
{
	for (size_t i = 1; i < candidate->chain->len; i++) {
		const struct bundle_certificate *certificate = candidate->chain->pdata[i];
		g_autofree char *subject = certificate_subject(certificate->crt);

		row(i == 1 ? "chain" : "", COLOUR_PLAIN, subject);
	}
	if (candidate->chain->len == 1)
		row("chain", COLOUR_PLAIN, "no CA certificate with it");
}

/* `number`: 0 where there is one alone. */
static void print_candidate(const struct candidate *candidate, guint number,
			    const struct devid_account *account)
{
	gnutls_x509_crt_t crt = candidate->leaf->crt;
	time_t now = time(NULL), ends = gnutls_x509_crt_get_expiration_time(crt);
	g_autofree char *subject = certificate_subject(crt), *issuer = certificate_issuer(crt);
	g_autofree char *begin = moment_date(gnutls_x509_crt_get_activation_time(crt));
	g_autofree char *end = moment_date(ends), *days = moment_days(ends, now);
	g_autofree char *valid = g_strdup_printf("%s to %s (%s)", begin, end, days);
	g_autofree char *key = certificate_key(crt), *serial = certificate_serial(crt);
	g_autofree char *fingerprint = certificate_fingerprint(crt);
	g_autofree char *upload =
		g_strdup_printf("%s (its certificate is the one to upload)", issuer);
	g_autofree char *size = certificate_claims_ca(crt) ? signing_size(crt, account)
							   : describe_size(crt, account);

	row(candidate_has_key(candidate) ? "identity" : "certificate", COLOUR_BOLD, key);
	if (number) {
		g_autofree char *text = g_strdup_printf("%u", number);

		row("number", COLOUR_PLAIN, text);
	}
	if (candidate->wrapped)
		row("key", COLOUR_PLAIN, "wrapped for the TPM of one computer");
	if (candidate->named)
		row("name", COLOUR_PLAIN, candidate->name);
	row("subject", COLOUR_PLAIN, subject);
	row("issuer", COLOUR_PLAIN, certificate_claims_ca(crt) ? issuer : upload);
	row("serial", COLOUR_PLAIN, serial);
	row("SHA-256", COLOUR_PLAIN, fingerprint);
	row("valid", describe_ends_soon(ends, now, account) ? COLOUR_WARN : COLOUR_PLAIN, valid);
	row("size", strstr(size, "too large") ? COLOUR_BAD : COLOUR_PLAIN, size);
	if (certificate_claims_ca(crt))
		row("use", COLOUR_PLAIN, "a CA's certificate, not a device's");
	else
		print_chain(candidate);
	/* With its key it was meant as one. */
	if (!certificate_claims_ca(crt) || candidate_has_key(candidate))
		print_verdict(candidate, account);
}

void finding_print(const struct finding *finding, const struct devid_account *account)
{
	print_piece(stdout, COLOUR_BOLD, "%s", bundle_title(finding->path));
	print_line(stdout, ": %s", kind_title(finding));
	if (finding->password)
		row("password", is_empty(finding) ? COLOUR_WARN : COLOUR_PLAIN,
		    is_empty(finding) ? "empty: other systems refuse such files"
				      : finding->password);
	if (finding->p12)
		print_protection(finding);
	if (finding->others_read && finding->password &&
	    (!finding->bundle || finding->bundle->keys->len))
		row("warning", COLOUR_WARN, "other users of this computer can read the file");
	for (size_t i = 0; finding->bundle && i < finding->bundle->warnings->len; i++)
		row("warning", COLOUR_PLAIN, finding->bundle->warnings->pdata[i]);
	for (size_t i = 0; finding->candidates && i < finding->candidates->len; i++)
		print_candidate(finding->candidates->pdata[i],
				finding->candidates->len > 1 ? (guint)i + 1 : 0, account);
	if (finding->error)
		row("error", COLOUR_PLAIN, finding->error->message);
}

static void json_pbe(JsonBuilder *builder, const struct pbe *pbe)
{
	static const char *const kdf_names[] = { "PKCS12", "PBKDF1", "PBKDF2" };
	g_autofree char *text = pbe_describe(pbe);

	json_builder_begin_object(builder);
	json_text(builder, "description", text);
	if (pbe->unreadable) {
		json_text(builder, "unreadable_oid", pbe->unreadable);
	} else {
		json_text(builder, "algorithm",
			  pbe->cipher ? pbe->cipher->name : gnutls_mac_get_name(pbe->mac));
		json_text(builder, "kdf", kdf_names[pbe->kdf]);
		json_text(builder, "kdf_hash", gnutls_mac_get_name(pbe->digest));
		json_number(builder, "iterations",
			    pbe->iterations > G_MAXINT64 ? G_MAXINT64 : (gint64)pbe->iterations);
	}
	json_builder_end_object(builder);
}

static void json_protection(JsonBuilder *builder, const struct finding *finding)
{
	g_autoptr(GPtrArray) failures = compat_failures(finding->p12, is_empty(finding));

	json_builder_set_member_name(builder, "integrity");
	if (p12_mac(finding->p12))
		json_pbe(builder, p12_mac(finding->p12));
	else
		json_builder_add_null_value(builder);
	json_begin_array(builder, "encryption");
	for (size_t i = 0; i < p12_cipher_count(finding->p12); i++)
		json_pbe(builder, p12_cipher(finding->p12, i));
	json_builder_end_array(builder);
	json_texts(builder, "fails_on", failures);
}

static void json_candidate(JsonBuilder *builder, const struct candidate *candidate, guint number,
			   const struct devid_account *account)
{
	g_autoptr(devid_verdict) verdict = NULL;
	g_autofree gnutls_x509_crt_t *chain = NULL;
	gnutls_x509_crt_t crt = candidate->leaf->crt;
	struct devid_size size = { 0 };
	bool acceptable = false, ca = certificate_claims_ca(crt);
	enum devid_result result = devid_device_size(
		account, g_bytes_get_size(candidate->leaf->der), &size, &acceptable);
	size_t count;

	json_builder_begin_object(builder);
	json_number(builder, "number", number);
	json_text(builder, "name", candidate->named ? candidate->name : NULL);
	json_flag(builder, "has_key", candidate_has_key(candidate));
	json_flag(builder, "wrapped", candidate->wrapped != NULL);
	json_flag(builder, "ca", ca);
	json_certificate(builder, crt);
	json_number(builder, "limit",
		    (gint64)(ca ? devid_account_signing_limit(account) : size.limit));
	json_text(builder, "measure", ca || size.measure == DEVID_SIZE_PEM ? "pem" : "der");
	json_flag(builder, "fits",
		  ca ? devid_signing_size(account, size.pem) == DEVID_OK : result == DEVID_OK);
	json_flag(builder, "acceptable", acceptable);
	json_begin_array(builder, "chain");
	for (size_t i = 1; i < candidate->chain->len; i++) {
		json_builder_begin_object(builder);
		json_certificate(
			builder,
			((const struct bundle_certificate *)candidate->chain->pdata[i])->crt);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
	chain = candidate_chain(candidate, &count);
	if ((!ca || candidate_has_key(candidate)) &&
	    devid_check(account, chain, count, time(NULL), &verdict) == DEVID_OK)
		json_verdict(builder, "check", verdict);
	json_builder_end_object(builder);
}

void finding_json(JsonBuilder *builder, const struct finding *finding,
		  const struct devid_account *account)
{
	json_builder_begin_object(builder);
	json_text(builder, "file", finding->path);
	json_text(builder, "kind", kind_title(finding));
	json_text(builder, "password", finding->password);
	json_flag(builder, "readable_by_others", finding->others_read);
	if (finding->p12)
		json_protection(builder, finding);
	json_begin_array(builder, "identities");
	for (size_t i = 0; finding->candidates && i < finding->candidates->len; i++)
		json_candidate(builder, finding->candidates->pdata[i], (guint)i + 1, account);
	json_builder_end_array(builder);
	json_begin_array(builder, "warnings");
	for (size_t i = 0; finding->bundle && i < finding->bundle->warnings->len; i++)
		json_builder_add_string_value(builder, finding->bundle->warnings->pdata[i]);
	json_builder_end_array(builder);
	if (finding->error) {
		json_begin_object(builder, "error");
		json_text(builder, "reason", devid_error_reason(finding->error));
		json_text(builder, "message", finding->error->message);
		json_text(builder, "hint", devid_error_hint(finding->error));
		json_builder_end_object(builder);
	}
	json_builder_end_object(builder);
}
