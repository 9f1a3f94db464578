/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a heap of keys and certificates to identities: pairing, ordering, choosing. */
#include <internal/record.h>
#include "account/certificate-fact.h"
#include "account/check-path.h"
#include "base/certificate.h"
#include "base/error.h"
#include "ber.h"
#include "bundle.h"
#include "candidate-pick.h"
#include "candidate.h"
#include "key-complete.h"
#include "keypair.h"

static void candidate_free(void *data)
{
	struct candidate *candidate = data;

	secret_clear(&candidate->pkcs8);
	g_ptr_array_unref(candidate->chain);
	g_free(candidate->name);
	g_free(candidate);
}

static const struct bundle_certificate *certificate_at(const GPtrArray *certificates, size_t index)
{
	return certificates->pdata[index];
}

static bool is_ca(const struct bundle_certificate *certificate)
{
	return certificate_claims_ca(certificate->crt);
}

static bool contains(const GPtrArray *chain, const struct bundle_certificate *certificate)
{
	for (size_t i = 0; i < chain->len; i++)
		if (g_bytes_equal(certificate_at(chain, i)->der, certificate->der))
			return true;
	return false;
}

/* Every certificate of the bundle that is an issuer of one already in the chain, by name and key
 * identifiers: extra certificates come in any order, some twice, and a CA may be there under two
 * roots.
 */
static void build_chain(struct candidate *candidate, const struct bundle *bundle)
{
	candidate->chain = g_ptr_array_new();
	g_ptr_array_add(candidate->chain, (gpointer)candidate->leaf);
	for (size_t i = 0; i < candidate->chain->len; i++) {
		for (size_t j = 0; j < bundle->certificates->len; j++) {
			const struct bundle_certificate *other =
				certificate_at(bundle->certificates, j);

			if (candidate->chain->len <= RECORD_CHAIN_MAX &&
			    !contains(candidate->chain, other) &&
			    check_link(certificate_at(candidate->chain, i)->crt, other->crt) ==
				    CHECK_LINK_FITS)
				g_ptr_array_add(candidate->chain, (gpointer)other);
		}
	}
	for (size_t j = 0; j < bundle->certificates->len; j++)
		if (!contains(candidate->chain, certificate_at(bundle->certificates, j)))
			candidate->left_out++;
}

static void name_candidate(struct candidate *candidate, const struct bundle_key *key)
{
	const char *name = candidate->leaf->name;

	if ((!name || !*name) && key)
		name = key->name;
	candidate->named = name && *name;
	candidate->name =
		candidate->named ? g_strdup(name) : certificate_common_name(candidate->leaf->crt);
	if (!candidate->name)
		candidate->name = g_strdup("");
}

/* Of two certificates for one key: the one that is valid now, then the one with the key's id, then
 * no CA, then the one that began last.
 */
static bool is_better(const struct bundle_certificate *a, const struct bundle_certificate *b,
		      const struct bundle_key *key)
{
	time_t now = time(NULL);
	bool id_a = key->local_id && a->local_id && g_bytes_equal(key->local_id, a->local_id);
	bool id_b = key->local_id && b->local_id && g_bytes_equal(key->local_id, b->local_id);

	if (candidate_valid_at(a->crt, now) != candidate_valid_at(b->crt, now))
		return candidate_valid_at(a->crt, now);
	if (id_a != id_b)
		return id_a;
	if (is_ca(a) != is_ca(b))
		return is_ca(b);
	return gnutls_x509_crt_get_activation_time(a->crt) >
	       gnutls_x509_crt_get_activation_time(b->crt);
}

/* The other certificates of the same key, by serial number and dates. */
static void name_left_out(struct bundle *bundle, struct candidate *candidate,
			  const GPtrArray *matches)
{
	g_autofree char *taken = candidate_dates(candidate->leaf->crt);

	for (guint i = 0; i < matches->len; i++) {
		const struct bundle_certificate *other = matches->pdata[i];
		g_autofree char *serial = NULL, *dates = NULL;

		if (contains(candidate->chain, other))
			continue;
		candidate->left_out--;
		serial = certificate_serial(other->crt);
		dates = candidate_dates(other->crt);
		g_ptr_array_add(bundle->warnings,
				g_strdup_printf("of the certificates for one key, the one of %s is "
						"taken; left out: %s, serial number %s",
						taken, dates, serial));
	}
}

#define KINDS "RSA of 2048 to 4096 bits, or EC on P-256, P-384 or P-521"

static void set_unreadable(GError **error, const struct bundle_key *key, int code)
{
	g_autofree char *kind = key_unusable(key->pkcs8.data, key->pkcs8.length, true);

	if (kind)
		devid_error_set(
			error, DEVID_UNSUPPORTED, "key-unsupported", NULL,
			"the private key is of a kind that isn't taken: %s; it has to be " KINDS,
			kind);
	else if (code == GNUTLS_E_ECC_UNSUPPORTED_CURVE || code == GNUTLS_E_UNKNOWN_PK_ALGORITHM ||
		 code == GNUTLS_E_UNSUPPORTED_SIGNATURE_ALGORITHM ||
		 code == GNUTLS_E_UNIMPLEMENTED_FEATURE)
		devid_error_set(error, DEVID_UNSUPPORTED, "key-unsupported", NULL,
				"the private key is of a kind that isn't taken: " KINDS);
	else
		devid_error_set(error, DEVID_BAD_DATA, "damaged", NULL,
				"the private key can't be read: %s", gnutls_strerror(code));
}

/* A certificate's SubjectPublicKeyInfo: the element of the TBSCertificate behind the subject. */
static bool find_spki(const struct bundle_certificate *certificate, struct ber *spki)
{
	gsize length;
	const uint8_t *der = g_bytes_get_data(certificate->der, &length);
	struct ber reader = { der, length }, outer, inside;
	struct ber_item item;

	if (!ber_enter(&reader, BER_SEQUENCE, &outer) || !ber_enter(&outer, BER_SEQUENCE, &inside))
		return false;
	ber_take(&inside, BER_CONTEXT_0 | BER_CONSTRUCTED, &item); /* version */
	/* serial number, signature, issuer, validity, subject */
	for (int i = 0; i < 6; i++)
		if (!ber_next(&inside, &item))
			return false;
	*spki = item.whole;
	return true;
}

static void set_certificate_unreadable(GError **error, const struct bundle_certificate *certificate)
{
	struct ber spki;
	g_autofree char *kind =
		find_spki(certificate, &spki) ? key_unusable(spki.data, spki.length, false) : NULL;

	devid_error_set(
		error, DEVID_UNSUPPORTED, "key-unsupported",
		"ask the CA for a certificate of another key",
		"the public key of a certificate in it is of a kind that isn't taken: %s; it "
		"has to be " KINDS,
		kind ? kind : "it can't be read");
}

static void set_certificate_missing(GError **error)
{
	devid_error_set(error, DEVID_NOT_FOUND, "certificate-missing",
			"the certificate may be in a file of its own: "
			"import-cert CERTIFICATE --key FILE",
			"a private key is in it, and no certificate");
}

/* A key's candidate; NULL with the reason in `error`. */
static struct candidate *pair_key(struct bundle *bundle, const struct bundle_key *key,
				  GError **error)
{
	g_autofree struct candidate *candidate = g_new0(struct candidate, 1);
	g_autoptr(GPtrArray) matches = g_ptr_array_new();
	const struct bundle_certificate *odd = NULL;
	int code = 0, unreadable = 0;

	for (size_t i = 0; i < bundle->certificates->len; i++) {
		const struct bundle_certificate *certificate =
			certificate_at(bundle->certificates, i);
		AUTO_SECRET struct secret completed = SECRET_INIT;
		enum keypair answer =
			keypair_match(&key->pkcs8, certificate->crt, &completed, &code);

		if (answer == KEYPAIR_UNREADABLE)
			unreadable = code;
		else if (answer == KEYPAIR_CERTIFICATE_UNREADABLE && !odd)
			odd = certificate;
		if (answer != KEYPAIR_MATCHES)
			continue;
		g_ptr_array_add(matches, (gpointer)certificate);
		if (candidate->leaf && !is_better(certificate, candidate->leaf, key))
			continue;
		candidate->leaf = certificate;
		secret_move(&candidate->pkcs8, &completed);
	}
	if (!matches->len) {
		if (unreadable)
			set_unreadable(error, key, unreadable);
		else if (odd)
			set_certificate_unreadable(error, odd);
		else if (bundle->unreadable)
			g_propagate_error(error, g_error_copy(bundle->unreadable));
		else if (bundle->certificates->len)
			devid_error_set(error, DEVID_MISMATCH, "key-mismatch", NULL,
					"no certificate in it belongs to the private key");
		else
			set_certificate_missing(error);
		return NULL;
	}
	build_chain(candidate, bundle);
	name_left_out(bundle, candidate, matches);
	name_candidate(candidate, key);
	return g_steal_pointer(&candidate);
}

static struct candidate *certificate_alone(const struct bundle *bundle)
{
	struct candidate *candidate = g_new0(struct candidate, 1);

	candidate->wrapped = bundle->wrapped;
	candidate->leaf = certificate_at(bundle->certificates, 0);
	for (size_t i = 0; i < bundle->certificates->len; i++) {
		if (!is_ca(certificate_at(bundle->certificates, i))) {
			candidate->leaf = certificate_at(bundle->certificates, i);
			break;
		}
	}
	build_chain(candidate, bundle);
	name_candidate(candidate, NULL);
	return candidate;
}

static bool is_known(const GPtrArray *candidates, const struct candidate *candidate)
{
	for (size_t i = 0; i < candidates->len; i++) {
		const struct candidate *other = candidates->pdata[i];

		if (g_bytes_equal(other->leaf->der, candidate->leaf->der))
			return true;
	}
	return false;
}

GPtrArray *candidates_find(struct bundle *bundle, bool alone, GError **error)
{
	g_autoptr(GPtrArray) candidates = g_ptr_array_new_with_free_func(candidate_free);
	g_autoptr(GError) first = NULL;

	/* Each is tried on each certificate. */
	if (bundle->keys->len > BUNDLE_KEYS_MAX)
		return devid_error_null(error, DEVID_TOO_LARGE, "file-too-large", NULL,
					"more than %d private keys are in it", BUNDLE_KEYS_MAX);
	if (bundle->wrapped && bundle->keys->len)
		return devid_error_null(
			error, DEVID_UNSUPPORTED, "key-unsupported",
			"take one of them out of the file",
			"a private key and one that is wrapped for a TPM are in it");
	for (size_t i = 0; i < bundle->keys->len; i++) {
		g_autoptr(GError) why = NULL;
		const struct bundle_key *key = bundle->keys->pdata[i];
		struct candidate *candidate = pair_key(bundle, key, &why);

		if (candidate && is_known(candidates, candidate)) {
			candidate_free(candidate);
		} else if (candidate) {
			g_ptr_array_add(candidates, candidate);
		} else {
			g_ptr_array_add(bundle->warnings,
					g_strdup_printf("a private key%s%s is left out: %s",
							key->name ? " called " : "",
							key->name ? key->name : "", why->message));
			if (!first)
				first = g_steal_pointer(&why);
		}
	}
	if (!bundle->keys->len && (alone || bundle->wrapped) && bundle->certificates->len)
		g_ptr_array_add(candidates, certificate_alone(bundle));
	if (candidates->len)
		return g_steal_pointer(&candidates);
	if (first)
		g_propagate_error(error, g_steal_pointer(&first));
	else if (bundle->wrapped)
		set_certificate_missing(error);
	else
		devid_error_set(
			error, DEVID_NOT_FOUND, "no-key",
			"export it again with its private key, or name the key's file: --key FILE",
			"no private key is in it");
	return NULL;
}

gnutls_x509_crt_t *candidate_chain(const struct candidate *candidate, size_t *count)
{
	gnutls_x509_crt_t *chain = g_new(gnutls_x509_crt_t, candidate->chain->len);

	*count = candidate->chain->len;
	for (size_t i = 0; i < candidate->chain->len; i++)
		chain[i] = certificate_at(candidate->chain, i)->crt;
	return chain;
}
