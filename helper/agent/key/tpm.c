/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys in a TPM: see tpm.h. Digests are made here; what the TPM gets is what it is to sign. */
#include <string.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include "base/error.h"
#include "decode.h"
#include "encode.h"
#include "tpm-file.h"
#include "tpm-lent.h"
#include "tpm-library.h"
#include "tpm-part.h"
#include "tpm.h"

struct tpm_key {
	struct key key;
	const struct tpm_part *device;
	EVP_PKEY *public;
	struct tpm_object *object;
};

/* Whose TPM it is that keys go into and are used in: this agent's, or the one that is lent. */
static const struct tpm_part *device(GError **error)
{
	const struct tpm_part *own = tpm_library(error);

	return own && tpm_lent_applies() ? &tpm_lent : own;
}

bool tpm_look(struct tpm_facts *facts, GError **error)
{
	const struct tpm_part *tpm = device(error);
	struct tpm_trouble trouble = { DEVID_OK };

	return tpm && (tpm->look(facts, &trouble) || tpm_library_refuse(error, &trouble));
}

static bool write_file(const struct tpm_file *file, struct secret *half, GError **error)
{
	g_autoptr(GBytes) pem = tpm_file_write(file);

	return (pem && secret_append(half, g_bytes_get_data(pem, NULL), g_bytes_get_size(pem)) ==
			       DEVID_OK) ||
	       devid_error_set(error, DEVID_NO_MEMORY, NULL, NULL, "TPM: no memory");
}

/* Read by a provider, which a key that was put together of its parts is not: its numbers can be
 * asked for. */
static EVP_PKEY *read_pkcs8(const struct secret *pkcs8, GError **error)
{
	g_autoptr(software_pkey) judged = decode_pkcs8(pkcs8, error);
	const unsigned char *end = pkcs8->data;
	EVP_PKEY *pkey = judged ? d2i_AutoPrivateKey(NULL, &end, (long)pkcs8->length) : NULL;

	if (judged && !pkey)
		decode_error(error, DEVID_FAILED, "TPM: the key");
	return pkey;
}

/* --- wrapped elsewhere */

GBytes *tpm_storage_key(GError **error)
{
	const struct tpm_part *tpm = device(error);
	struct tpm_trouble trouble = { DEVID_OK };
	g_autoptr(GBytes) public = tpm ? tpm->parent(&trouble) : NULL;

	if (tpm && !public)
		tpm_library_refuse(error, &trouble);
	return public ? tpm_file_write_public(public) : NULL;
}

GBytes *tpm_wrap_for(const struct secret *pkcs8, const void *text, gsize length, GBytes **name,
		     GError **error)
{
	const struct secret no_auth = SECRET_INIT;
	AUTO_TPM_FILE struct tpm_file file = TPM_FILE_INIT;
	const struct tpm_part *tpm = tpm_library(error);
	g_autoptr(GBytes) parent = tpm ? tpm_file_read_public(text, length, error) : NULL;
	g_autoptr(software_pkey) pkey = parent ? read_pkcs8(pkcs8, error) : NULL;
	struct tpm_trouble trouble = { DEVID_OK };

	if (!pkey)
		return NULL;
	if (tpm->wrap(pkey, &no_auth, parent, &file, name, &trouble))
		return tpm_file_write(&file);
	tpm_library_refuse(error, &trouble);
	return NULL;
}

static bool tpm_matches(const struct secret *brought, GBytes *spki, GError **error)
{
	AUTO_TPM_FILE struct tpm_file file = TPM_FILE_INIT;
	gsize length = 0;
	const unsigned char *end = g_bytes_get_data(spki, &length);
	struct tpm_trouble trouble = { DEVID_OK };
	g_autoptr(software_pkey) own = NULL;
	g_autoptr(software_pkey) wanted = NULL;
	const struct tpm_part *tpm;
	bool same;

	if (!tpm_file_is_wrapped(brought->data, brought->length))
		return key_matches_spki(brought, spki, error);
	tpm = tpm_file_read_wrapped(brought->data, brought->length, &file, error)
		      ? tpm_library(error)
		      : NULL;
	if (!tpm)
		return false;
	own = tpm->public_key(&file, &trouble);
	if (!own)
		return tpm_library_refuse(error, &trouble);
	wanted = d2i_PUBKEY(NULL, &end, (long)length);
	same = wanted && EVP_PKEY_eq(own, wanted) == 1;
	ERR_clear_error();
	return same || devid_error_set(error, DEVID_MISMATCH, NULL, NULL,
				       "private key: it does not belong to this certificate");
}

/* --- the driver */

static bool seal_wrapped(const struct secret *wrapped, const struct secret *auth,
			 const struct key_patience *patience, struct tpm_file *file, GError **error)
{
	AUTO_TPM_FILE struct tpm_file brought = TPM_FILE_INIT;
	const struct tpm_part *tpm =
		tpm_file_read_wrapped(wrapped->data, wrapped->length, &brought, error)
			? device(error)
			: NULL;
	struct tpm_trouble trouble = { DEVID_OK };

	return tpm && (tpm->import(&brought, auth, patience, file, &trouble) ||
		       tpm_library_refuse(error, &trouble));
}

static bool seal_pkcs8(const struct secret *pkcs8, const struct secret *auth,
		       const struct key_patience *patience, struct tpm_file *file, GError **error)
{
	g_autoptr(software_pkey) pkey = read_pkcs8(pkcs8, error);
	const struct tpm_part *tpm = pkey ? device(error) : NULL;
	struct tpm_trouble trouble = { DEVID_OK };

	return tpm && (tpm->seal(pkey, auth, patience, file, &trouble) ||
		       tpm_library_refuse(error, &trouble));
}

static void tell_parent(const struct tpm_file *file, struct key_parent *parent)
{
	parent->handle = file->parent;
	g_strlcpy(parent->name, file->below, sizeof(parent->name));
}

static bool tpm_seal(const struct secret *brought, const struct secret *auth,
		     const struct key_patience *patience, struct secret *half,
		     struct key_parent *parent, GError **error)
{
	AUTO_TPM_FILE struct tpm_file file = TPM_FILE_INIT;
	bool (*seal)(const struct secret *, const struct secret *, const struct key_patience *,
		     struct tpm_file *, GError **) =
		tpm_file_is_wrapped(brought->data, brought->length) ? seal_wrapped : seal_pkcs8;

	if (!seal(brought, auth, patience, &file, error))
		return false;
	tell_parent(&file, parent);
	return write_file(&file, half, error);
}

static bool tpm_generate(enum wire_key_type type, guint bits, const struct secret *auth,
			 const struct key_patience *patience, struct secret *half,
			 struct key_parent *parent, GBytes **spki, GError **error)
{
	AUTO_TPM_FILE struct tpm_file file = TPM_FILE_INIT;
	const struct tpm_part *tpm = device(error);
	struct tpm_trouble trouble = { DEVID_OK };
	g_autoptr(software_pkey) public = NULL;

	if (!tpm)
		return false;
	if (!tpm->create(type, bits, auth, patience, &file, &public, &trouble))
		return tpm_library_refuse(error, &trouble);
	tell_parent(&file, parent);
	*spki = decode_spki(public, error);
	return *spki && write_file(&file, half, error);
}

static bool tpm_wants_auth(const struct secret *half)
{
	AUTO_TPM_FILE struct tpm_file file = TPM_FILE_INIT;

	return tpm_file_read(half->data, half->length, &file, NULL) && !file.empty_auth;
}

/* 0 where it can't be read: opening it says why. */
static guint32 tpm_parent(const struct secret *half)
{
	AUTO_TPM_FILE struct tpm_file file = TPM_FILE_INIT;

	return tpm_file_read(half->data, half->length, &file, NULL) ? file.parent : 0;
}

static struct key *tpm_open(const struct secret *half, const struct secret *auth,
			    const struct key_patience *patience, struct key_parent *parent,
			    GError **error)
{
	AUTO_TPM_FILE struct tpm_file file = TPM_FILE_INIT;
	g_autofree struct tpm_key *key = g_new0(struct tpm_key, 1);
	const struct tpm_part *tpm =
		tpm_file_read(half->data, half->length, &file, error) ? device(error) : NULL;
	struct tpm_trouble trouble = { DEVID_OK };

	if (!tpm)
		return NULL;
	g_strlcpy(file.below, parent->name, sizeof(file.below));
	key->object = tpm->load(&file, auth, patience, &key->public, &trouble);
	if (!key->object) {
		tpm_library_refuse(error, &trouble);
		return NULL;
	}
	key->device = tpm;
	tell_parent(&file, parent);
	if (key_init(&key->key, &key_tpm, key->public, error))
		return &g_steal_pointer(&key)->key;
	tpm->unload(key->object);
	EVP_PKEY_free(key->public);
	return NULL;
}

static void tpm_close(struct key *key)
{
	struct tpm_key *own = (struct tpm_key *)key;

	own->device->unload(own->object);
	EVP_PKEY_free(own->public);
	g_free(own);
}

/* --- what is to be signed */

struct input {
	enum wire_digest digest;
	guint8 hash[EVP_MAX_MD_SIZE];
	gsize length;
};

static const enum wire_digest digests[] = { DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA384,
					    DIGEST_SHA512 };

static bool take(struct input *out, enum wire_digest digest, const guint8 *data, gsize length)
{
	if (length > sizeof(out->hash))
		return false;
	out->digest = digest;
	out->length = length;
	memcpy(out->hash, data, length);
	return true;
}

/* CKM_RSA_PKCS: the TPM makes the DigestInfo itself, so it is taken out of one. */
static bool take_digest_info(struct input *out, const guint8 *data, gsize length)
{
	const unsigned char *end = data;
	X509_SIG *info = d2i_X509_SIG(NULL, &end, (long)length);
	const X509_ALGOR *algorithm = NULL;
	const ASN1_OCTET_STRING *digest = NULL;
	const ASN1_OBJECT *object = NULL;
	bool found = false;

	if (info && end == data + length) {
		X509_SIG_get0(info, &algorithm, &digest);
		X509_ALGOR_get0(&object, NULL, NULL, algorithm);
		for (gsize i = 0; i < G_N_ELEMENTS(digests) && !found; i++) {
			const EVP_MD *md = key_digest(digests[i], false);

			found = OBJ_obj2nid(object) == EVP_MD_get_type(md) &&
				ASN1_STRING_length(digest) == EVP_MD_get_size(md) &&
				take(out, digests[i], ASN1_STRING_get0_data(digest),
				     (gsize)ASN1_STRING_length(digest));
		}
	}
	X509_SIG_free(info);
	ERR_clear_error();
	return found;
}

/* ECDSA signs the leftmost bits of what it gets, as a number (FIPS 186-4, section 6.4), and the TPM
 * wants as many bytes as some digest has: what is longer is cut, what is shorter has zeros before
 * it.
 */
static bool take_number(struct input *out, const guint8 *data, gsize length, gsize part)
{
	gsize used = MIN(length, part), size;

	for (gsize i = 1; i < G_N_ELEMENTS(digests); i++) {
		size = (gsize)EVP_MD_get_size(key_digest(digests[i], false));
		if (size < used || (size > part && used < length))
			continue;
		out->digest = digests[i];
		out->length = size;
		memset(out->hash, 0, size);
		memcpy(out->hash + size - used, data, used);
		return true;
	}
	return false;
}

static bool take_input(const struct key *key, const struct key_scheme *scheme, const guint8 *input,
		       gsize length, struct input *out)
{
	switch (scheme->scheme) {
	case SCHEME_RSA_PKCS1:
		return scheme->digest == DIGEST_NONE ? take_digest_info(out, input, length)
						     : take(out, scheme->digest, input, length);
	case SCHEME_RSA_PSS:
		return scheme->pss_mgf == scheme->pss_digest && scheme->pss_salt == length &&
		       take(out, scheme->pss_digest, input, length);
	case SCHEME_ECDSA:
		return take_number(out, input, length, key->part);
	}
	return false;
}

/* TPMs from before FIPS 186-4 take as long a salt as there is room for, which TLS 1.3 refuses
 * (RFC 8446 section 4.2.3): better no signature than one that fails at the other end.
 */
static bool pss_is_good(struct tpm_key *key, const struct input *input, const guint8 *signature)
{
	const EVP_MD *md = key_digest(input->digest, false);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key->public, NULL);
	bool good =
		context && EVP_PKEY_verify_init(context) > 0 &&
		EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) > 0 &&
		EVP_PKEY_CTX_set_signature_md(context, md) > 0 &&
		EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) > 0 &&
		EVP_PKEY_verify(context, signature, key->key.part, input->hash, input->length) == 1;

	EVP_PKEY_CTX_free(context);
	ERR_clear_error();
	return good;
}

static bool tpm_sign(struct key *key, const struct key_scheme *scheme, const guint8 *input,
		     gsize length, guint8 *signature, gsize *signature_length, GError **error)
{
	struct tpm_key *own = (struct tpm_key *)key;
	struct tpm_trouble trouble = { DEVID_OK };
	struct input taken;

	if (!take_input(key, scheme, input, length, &taken))
		return devid_error_set(error, DEVID_UNSUPPORTED, "tpm-scheme", NULL,
				       "signature: a TPM can't make it in this way");
	if (!own->device->sign(own->object, scheme->scheme, taken.digest, taken.hash, taken.length,
			       key->part, signature, &trouble))
		return tpm_library_refuse(error, &trouble);
	*signature_length = key->rsa ? key->part : 2 * key->part;
	if (scheme->scheme == SCHEME_RSA_PSS && !pss_is_good(own, &taken, signature))
		return devid_error_set(
			error, DEVID_UNSUPPORTED, "tpm-scheme", NULL,
			"signature: this TPM makes PSS with a salt of its own length");
	return true;
}

const struct key_driver key_tpm = {
	.name = "tpm",
	.matches = tpm_matches,
	.seal = tpm_seal,
	.generate = tpm_generate,
	.wants_auth = tpm_wants_auth,
	.parent = tpm_parent,
	.open = tpm_open,
	.close = tpm_close,
	.sign = tpm_sign,
};
