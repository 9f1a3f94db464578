/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths from a device certificate to a signing certificate.
 *
 * GnuTLS would find a path as well, but it stops at the first anchor that it likes, takes a
 * certificate that is itself an anchor for trusted, and its time flags admit more than the
 * account's rule. So paths are made here, one at a time, and each is judged whole (check-rules.c).
 */
#include <string.h>
#include "base/auto-gnutls.h"
#include "base/certificate.h"
#include "certificate-fact.h"
#include "check-path.h"
#include "check-signature.h"

const char *check_not_a_device(const struct devid_account *account, gnutls_x509_crt_t certificate)
{
	for (size_t i = 0; i < devid_account_signing_count(account); i++)
		if (certificate_keys_same(certificate,
					  devid_account_signing(account, i)->certificate))
			return "leaf-is-signing";
	return certificate_claims_ca(certificate) ? "leaf-is-ca" : NULL;
}

static bool names_fit(gnutls_x509_crt_t certificate, gnutls_x509_crt_t issuer)
{
	g_auto(gnutls_datum_t) wanted = { NULL, 0 };

	return gnutls_x509_crt_get_raw_issuer_dn(certificate, &wanted) >= 0 &&
	       certificate_subject_is(issuer, &wanted);
}

enum check_link check_link(gnutls_x509_crt_t certificate, gnutls_x509_crt_t issuer)
{
	unsigned char wanted[CERTIFICATE_KEY_ID_MAX], has[CERTIFICATE_KEY_ID_MAX];
	size_t wanted_size = sizeof(wanted), has_size = sizeof(has);

	if (!names_fit(certificate, issuer))
		return CHECK_LINK_NONE;
	if (gnutls_x509_crt_get_authority_key_id(certificate, wanted, &wanted_size, NULL) < 0 ||
	    gnutls_x509_crt_get_subject_key_id(issuer, has, &has_size, NULL) < 0)
		return CHECK_LINK_FITS;
	return wanted_size == has_size && memcmp(wanted, has, has_size) == 0 ? CHECK_LINK_FITS
									     : CHECK_LINK_OTHER_KEY;
}

bool check_issued(gnutls_x509_crt_t issuer, gnutls_x509_crt_t certificate)
{
	return check_link(certificate, issuer) == CHECK_LINK_FITS &&
	       check_signature(certificate, issuer, true) == CHECK_SIGNATURE_GOOD;
}

struct search {
	const struct devid_account *account;
	const gnutls_x509_crt_t *chain;
	size_t count;
	bool (*judge)(const struct check_path *path, void *data);
	void *data;
	bool other_key;
	unsigned steps; /* bounds what many certificates of one name can cost */
	struct check_path path;
};

static bool try_anchors(struct search *search, gnutls_x509_crt_t last)
{
	struct check_path *path = &search->path;

	for (size_t i = 0; i < devid_account_signing_count(search->account); i++) {
		const struct devid_signing *signing = devid_account_signing(search->account, i);
		enum check_link link = check_link(last, signing->certificate);

		search->other_key = search->other_key || link == CHECK_LINK_OTHER_KEY;
		if (link != CHECK_LINK_FITS || ++search->steps > CHECK_STEPS_MAX)
			continue;
		path->certificates[path->count++] = signing->certificate;
		path->anchor = signing;
		if (search->judge(path, search->data))
			return true;
		path->count--;
	}
	return false;
}

static bool on_path(const struct check_path *path, gnutls_x509_crt_t certificate)
{
	for (size_t i = 0; i < path->count; i++)
		if (gnutls_x509_crt_equals(path->certificates[i], certificate))
			return true;
	return false;
}

/* One step further from the last certificate of the path; deep at most CHECK_PATH_MAX. */
static bool extend(struct search *search)
{
	struct check_path *path = &search->path;
	gnutls_x509_crt_t last = path->certificates[path->count - 1];

	if (try_anchors(search, last))
		return true;
	if (devid_account_chain_mode(search->account) != DEVID_CHAIN_PATH ||
	    path->count >= CHECK_PATH_MAX)
		return false;
	for (size_t i = 1; i < search->count; i++) {
		if (check_link(last, search->chain[i]) != CHECK_LINK_FITS ||
		    on_path(path, search->chain[i]) || ++search->steps > CHECK_STEPS_MAX)
			continue;
		path->certificates[path->count++] = search->chain[i];
		if (extend(search))
			return true;
		path->count--;
	}
	return false;
}

bool check_paths(const struct devid_account *account, const gnutls_x509_crt_t *chain, size_t count,
		 bool (*judge)(const struct check_path *path, void *data), void *data,
		 bool *other_key)
{
	struct search search = {
		.account = account, .chain = chain, .count = count, .judge = judge, .data = data
	};
	bool found;

	search.path.certificates[0] = chain[0];
	search.path.count = 1;
	found = extend(&search);
	*other_key = search.other_key;
	return found;
}
