/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One file, opened as far as it goes. */
#include <devid/check.h>
#include <devid/limits.h>

#include "account/certificate-fact.h"
#include "command/cli/report.h"
#include "identity/verdict.h"
#include "keyfile/bundle.h"
#include "keyfile/candidate.h"
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
	return certificate_claims_ca(candidate->leaf->crt) && !candidate->pkcs8.length;
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
