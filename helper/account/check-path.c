/* Facts about certificates, and paths from a device certificate to a signing certificate.
 *
 * GnuTLS would find a path as well, but it stops at the first anchor that it likes, takes a
 * certificate that is itself an anchor for trusted, and its time flags admit more than the
 * account's rule. So paths are made here, one at a time, and each is judged whole (check-rules.c).
 */
#include <string.h>
#include <gnutls/abstract.h>
#include "check-path.h"

#define KEY_ID_MAX 128

gboolean check_is_ca(gnutls_x509_crt_t certificate)
{
	unsigned usage = 0;
	int result;

	if (gnutls_x509_crt_get_ca_status(certificate, NULL) <= 0)
		return FALSE;
	result = gnutls_x509_crt_get_key_usage(certificate, &usage, NULL);
	return result == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE ||
	       (result >= 0 && (usage & GNUTLS_KEY_KEY_CERT_SIGN));
}

gboolean check_key_weak(gnutls_x509_crt_t certificate)
{
	unsigned bits = 0;
	int algorithm = gnutls_x509_crt_get_pk_algorithm(certificate, &bits);

	switch (algorithm) {
	case GNUTLS_PK_RSA:
	case GNUTLS_PK_RSA_PSS:
	case GNUTLS_PK_DSA:
		return bits < 2048;
	case GNUTLS_PK_ECDSA:
		return bits < 224;
	case GNUTLS_PK_EDDSA_ED25519:
	case GNUTLS_PK_EDDSA_ED448:
		return FALSE;
	default:
		return TRUE;
	}
}

gboolean check_signature_weak(gnutls_x509_crt_t certificate)
{
	static const gnutls_digest_algorithm_t sound[] = {
		GNUTLS_DIG_SHA224,   GNUTLS_DIG_SHA256,	  GNUTLS_DIG_SHA384,   GNUTLS_DIG_SHA512,
		GNUTLS_DIG_SHA3_224, GNUTLS_DIG_SHA3_256, GNUTLS_DIG_SHA3_384, GNUTLS_DIG_SHA3_512,
	};
	int algorithm = gnutls_x509_crt_get_signature_algorithm(certificate);
	gnutls_digest_algorithm_t digest;

	/* These have their hash inside. */
	if (algorithm == GNUTLS_SIGN_EDDSA_ED25519 || algorithm == GNUTLS_SIGN_EDDSA_ED448)
		return FALSE;
	if (algorithm < 0)
		return TRUE;
	digest = gnutls_sign_get_hash_algorithm((gnutls_sign_algorithm_t)algorithm);
	for (gsize i = 0; i < G_N_ELEMENTS(sound); i++)
		if (sound[i] == digest)
			return FALSE;
	return TRUE;
}

static char *to_hex(const unsigned char *bytes, size_t size)
{
	GString *out = g_string_sized_new(2 * size + 1);

	for (size_t i = 0; i < size; i++)
		g_string_append_printf(out, "%02x", bytes[i]);
	return g_string_free(out, FALSE);
}

char *check_key_id(gnutls_x509_crt_t certificate)
{
	unsigned char id[KEY_ID_MAX];
	size_t size = sizeof(id);

	if (gnutls_x509_crt_get_subject_key_id(certificate, id, &size, NULL) >= 0)
		return to_hex(id, size);
	size = sizeof(id);
	if (gnutls_x509_crt_get_key_id(certificate, GNUTLS_KEYID_USE_SHA1, id, &size) >= 0)
		return to_hex(id, size);
	return NULL;
}

char *check_authority_key_id(gnutls_x509_crt_t certificate)
{
	unsigned char id[KEY_ID_MAX];
	size_t size = sizeof(id);

	if (gnutls_x509_crt_get_authority_key_id(certificate, id, &size, NULL) < 0)
		return NULL;
	return to_hex(id, size);
}

gboolean check_subject_is(gnutls_x509_crt_t certificate, const gnutls_datum_t *name)
{
	gnutls_datum_t subject = { NULL, 0 };
	gboolean same = gnutls_x509_crt_get_raw_dn(certificate, &subject) >= 0 &&
			subject.size == name->size &&
			memcmp(subject.data, name->data, subject.size) == 0;

	gnutls_free(subject.data);
	return same;
}

static gboolean names_fit(gnutls_x509_crt_t certificate, gnutls_x509_crt_t issuer)
{
	gnutls_datum_t wanted = { NULL, 0 };
	gboolean fit = gnutls_x509_crt_get_raw_issuer_dn(certificate, &wanted) >= 0 &&
		       check_subject_is(issuer, &wanted);

	gnutls_free(wanted.data);
	return fit;
}

enum check_link check_link(gnutls_x509_crt_t certificate, gnutls_x509_crt_t issuer)
{
	unsigned char wanted[KEY_ID_MAX], has[KEY_ID_MAX];
	size_t wanted_size = sizeof(wanted), has_size = sizeof(has);

	if (!names_fit(certificate, issuer))
		return CHECK_LINK_NONE;
	if (gnutls_x509_crt_get_authority_key_id(certificate, wanted, &wanted_size, NULL) < 0 ||
	    gnutls_x509_crt_get_subject_key_id(issuer, has, &has_size, NULL) < 0)
		return CHECK_LINK_FITS;
	return wanted_size == has_size && memcmp(wanted, has, has_size) == 0 ? CHECK_LINK_FITS
									     : CHECK_LINK_OTHER_KEY;
}

struct search {
	const struct devid_account *account;
	const gnutls_x509_crt_t *chain;
	size_t count;
	gboolean (*judge)(const struct check_path *path, void *data);
	void *data;
	gboolean other_key;
	unsigned steps; /* bounds what many certificates of one name can cost */
	struct check_path path;
};

static gboolean try_anchors(struct search *search, gnutls_x509_crt_t last)
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
			return TRUE;
		path->count--;
	}
	return FALSE;
}

static gboolean on_path(const struct check_path *path, gnutls_x509_crt_t certificate)
{
	for (size_t i = 0; i < path->count; i++)
		if (gnutls_x509_crt_equals(path->certificates[i], certificate))
			return TRUE;
	return FALSE;
}

/* One step further from the last certificate of the path; deep at most CHECK_PATH_MAX. */
static gboolean extend(struct search *search)
{
	struct check_path *path = &search->path;
	gnutls_x509_crt_t last = path->certificates[path->count - 1];

	if (try_anchors(search, last))
		return TRUE;
	if (devid_account_chain_mode(search->account) != DEVID_CHAIN_PATH ||
	    path->count >= CHECK_PATH_MAX)
		return FALSE;
	for (size_t i = 1; i < search->count; i++) {
		if (check_link(last, search->chain[i]) != CHECK_LINK_FITS ||
		    on_path(path, search->chain[i]) || ++search->steps > CHECK_STEPS_MAX)
			continue;
		path->certificates[path->count++] = search->chain[i];
		if (extend(search))
			return TRUE;
		path->count--;
	}
	return FALSE;
}

gboolean check_paths(const struct devid_account *account, const gnutls_x509_crt_t *chain,
		     size_t count, gboolean (*judge)(const struct check_path *path, void *data),
		     void *data, gboolean *other_key)
{
	struct search search = {
		.account = account, .chain = chain, .count = count, .judge = judge, .data = data
	};
	gboolean found;

	search.path.certificates[0] = chain[0];
	search.path.count = 1;
	found = extend(&search);
	*other_key = search.other_key;
	return found;
}
