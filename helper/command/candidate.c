/* From a heap of keys and certificates to identities: pairing, ordering, choosing. */
#include <string.h>
#include <internal/record.h>
#include "../account/error.h"
#include "candidate.h"

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
	return gnutls_x509_crt_get_ca_status(certificate->crt, NULL) > 0;
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
			    gnutls_x509_crt_check_issuer(certificate_at(candidate->chain, i)->crt,
							 other->crt))
				g_ptr_array_add(candidate->chain, (gpointer)other);
		}
	}
	for (size_t j = 0; j < bundle->certificates->len; j++)
		if (!contains(candidate->chain, certificate_at(bundle->certificates, j)))
			candidate->left_out++;
}

static char *common_name(gnutls_x509_crt_t crt)
{
	char name[512];
	size_t size = sizeof(name);

	if (gnutls_x509_crt_get_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name, &size) < 0)
		return g_strdup("");
	return g_utf8_make_valid(name, (gssize)size);
}

static void name_candidate(struct candidate *candidate, const struct bundle_key *key)
{
	const char *name = candidate->leaf->name;

	if ((!name || !*name) && key)
		name = key->name;
	candidate->named = name && *name;
	candidate->name = candidate->named ? g_strdup(name) : common_name(candidate->leaf->crt);
}

/* Of two certificates for one key: the one with the key's id, then no CA, then the one that began
 * last. */
static bool is_better(const struct bundle_certificate *a, const struct bundle_certificate *b,
		      const struct bundle_key *key)
{
	bool id_a = key->local_id && a->local_id && g_bytes_equal(key->local_id, a->local_id);
	bool id_b = key->local_id && b->local_id && g_bytes_equal(key->local_id, b->local_id);

	if (id_a != id_b)
		return id_a;
	if (is_ca(a) != is_ca(b))
		return is_ca(b);
	return gnutls_x509_crt_get_activation_time(a->crt) >
	       gnutls_x509_crt_get_activation_time(b->crt);
}

static void set_unreadable(GError **error, int code)
{
	if (code == GNUTLS_E_ECC_UNSUPPORTED_CURVE || code == GNUTLS_E_UNKNOWN_PK_ALGORITHM ||
	    code == GNUTLS_E_UNSUPPORTED_SIGNATURE_ALGORITHM ||
	    code == GNUTLS_E_UNIMPLEMENTED_FEATURE)
		devid_error_set(error, DEVID_UNSUPPORTED, "key-unsupported", NULL,
				"the private key is of a kind that isn't taken: "
				"RSA of 2048 to 4096 bits, or EC on P-256, P-384 or P-521");
	else
		devid_error_set(error, DEVID_BAD_DATA, "damaged", NULL,
				"the private key can't be read: %s", gnutls_strerror(code));
}

/* A key's candidate; NULL with the reason in `error`. */
static struct candidate *pair_key(const struct bundle *bundle, const struct bundle_key *key,
				  GError **error)
{
	g_autofree struct candidate *candidate = g_new0(struct candidate, 1);
	unsigned matches = 0;
	int code = 0, unreadable = 0;

	for (size_t i = 0; i < bundle->certificates->len; i++) {
		const struct bundle_certificate *certificate =
			certificate_at(bundle->certificates, i);
		AUTO_SECRET struct secret completed = SECRET_INIT;
		enum keypair answer =
			keypair_match(&key->pkcs8, certificate->crt, &completed, &code);

		if (answer == KEYPAIR_UNREADABLE)
			unreadable = code;
		if (answer != KEYPAIR_MATCHES)
			continue;
		if (matches++ && !is_better(certificate, candidate->leaf, key))
			continue;
		candidate->leaf = certificate;
		secret_clear(&candidate->pkcs8);
		candidate->pkcs8 = completed;
		completed = (struct secret)SECRET_INIT;
	}
	if (!matches) {
		if (unreadable)
			set_unreadable(error, unreadable);
		else if (bundle->certificates->len)
			devid_error_set(error, DEVID_MISMATCH, "key-mismatch", NULL,
					"no certificate in it belongs to the private key");
		else
			devid_error_set(error, DEVID_NOT_FOUND, "certificate-missing",
					"the certificate may be in a file of its own: "
					"import-cert CERTIFICATE --key FILE",
					"a private key is in it, and no certificate");
		return NULL;
	}
	build_chain(candidate, bundle);
	name_candidate(candidate, key);
	return g_steal_pointer(&candidate);
}

static struct candidate *certificate_alone(const struct bundle *bundle)
{
	struct candidate *candidate = g_new0(struct candidate, 1);

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
	if (bundle->keys->len > BUNDLE_KEYS_MAX) {
		devid_error_set(error, DEVID_TOO_LARGE, "file-too-large", NULL,
				"more than %d private keys are in it", BUNDLE_KEYS_MAX);
		return NULL;
	}
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
	if (!bundle->keys->len && alone && bundle->certificates->len)
		g_ptr_array_add(candidates, certificate_alone(bundle));
	if (candidates->len)
		return g_steal_pointer(&candidates);
	if (first)
		g_propagate_error(error, g_steal_pointer(&first));
	else
		devid_error_set(
			error, DEVID_NOT_FOUND, "no-key",
			"export it again with its private key, or name the key's file: --key FILE",
			"no private key is in it");
	return NULL;
}

static char *list_names(const GPtrArray *candidates)
{
	GString *names = g_string_new(NULL);

	for (size_t i = 0; i < candidates->len; i++) {
		const struct candidate *candidate = candidates->pdata[i];

		g_string_append_printf(names, "%s\"%s\"", i ? ", " : "", candidate->name);
	}
	return g_string_free(names, FALSE);
}

struct candidate *candidates_pick(const GPtrArray *candidates, const char *name, const char *title,
				  GError **error)
{
	g_autofree char *names = list_names(candidates);
	struct candidate *found = NULL;
	unsigned count = 0;

	if (!name && candidates->len == 1)
		return candidates->pdata[0];
	if (!name) {
		devid_error_set(error, DEVID_USAGE, "several-keys",
				"pick one: --friendly-name NAME",
				"%s: %u keys with certificates are in it: %s", title,
				candidates->len, names);
		return NULL;
	}
	for (size_t i = 0; i < candidates->len; i++) {
		struct candidate *candidate = candidates->pdata[i];

		if (strcmp(candidate->name, name) == 0) {
			found = candidate;
			count++;
		}
	}
	if (count == 1)
		return found;
	devid_error_set(error, DEVID_USAGE, count ? "several-keys" : "no-such-name", NULL,
			count ? "%s: more than one identity in it is called %s (all: %s)"
			      : "%s: no identity in it is called %s (there are: %s)",
			title, name, names);
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
