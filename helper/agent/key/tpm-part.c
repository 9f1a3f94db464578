/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys in the TPM: imported, loaded, used. See tpm-part.h. */
#include <string.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <tss2/tss2_mu.h>
#include "tpm-facts.h"
#include "tpm-link.h"
#include "tpm-part.h"
#include "tpm-wrap.h"

struct tpm_object {
	gatomicrefcount references;
	TPM2B_PUBLIC public;
	TPM2B_PRIVATE private;
	TPM2B_AUTH auth;
	guint32 parent;
	/* Of the TPM's thread. */
	ESYS_TR handle;
	guint connected; /* when it was loaded (struct tpm) */
	GList link;
};

struct job {
	struct tpm_work work;
	struct tpm_object *object;
	/* seal */
	EVP_PKEY *pkey;
	struct secret auth;
	/* create */
	bool rsa;
	guint bits;
	/* sign */
	enum wire_scheme scheme;
	TPMI_ALG_HASH hash;
	TPM2B_DIGEST digest;
	TPMT_SIGNATURE signature;
};

/* --- loaded keys
 * ------------------------------------------------------------------------------------ */

static void object_unref(struct tpm_object *object)
{
	if (!g_atomic_ref_count_dec(&object->references))
		return;
	secret_wipe(&object->auth, sizeof(object->auth));
	g_free(object);
}

static bool is_loaded(const struct tpm *tpm, const struct tpm_object *object)
{
	return object->handle != ESYS_TR_NONE && object->connected == tpm->connected;
}

static void flush(struct tpm *tpm, struct tpm_object *object)
{
	static const TPM2B_AUTH nothing;

	if (!is_loaded(tpm, object))
		return;
	g_queue_unlink(&tpm->loaded, &object->link);
	/* ESYS keeps a copy of it. */
	(void)Esys_TR_SetAuth(tpm->esys, object->handle, &nothing);
	Esys_FlushContext(tpm->esys, object->handle);
	object->handle = ESYS_TR_NONE;
}

/* The key that was used longest ago makes room. */
static bool make_room(struct tpm *tpm, TSS2_RC rc)
{
	if (!tpm_rc_is(rc, TPM2_RC_OBJECT_MEMORY))
		return false;
	if (tpm->loaded.length == 0)
		return tpm_flush_strays(tpm, rc);
	flush(tpm, g_queue_peek_tail(&tpm->loaded));
	return true;
}

static TSS2_RC load_below(struct tpm *tpm, struct tpm_object *object,
			  const struct tpm_parent *parent, struct tpm_trouble *trouble)
{
	ESYS_TR session = tpm_session(tpm, parent, true, trouble);
	gint64 until = 0;
	TSS2_RC rc;

	if (session == ESYS_TR_NONE)
		return TSS2_ESYS_RC_GENERAL_FAILURE;
	do
		rc = Esys_Load(tpm->esys, parent->handle, session, ESYS_TR_NONE, ESYS_TR_NONE,
			       &object->private, &object->public, &object->handle);
	while (tpm_is_busy(rc, &until) || make_room(tpm, rc));
	if (rc != TSS2_RC_SUCCESS) {
		object->handle = ESYS_TR_NONE;
		tpm_trouble_rc(trouble, rc, "the key can't be loaded");
		return rc;
	}
	object->connected = tpm->connected;
	object->link.data = object;
	g_queue_push_head_link(&tpm->loaded, &object->link);
	rc = Esys_TR_SetAuth(tpm->esys, object->handle, &object->auth);
	if (rc != TSS2_RC_SUCCESS)
		tpm_trouble_rc(trouble, rc, "the key's authorisation");
	return rc;
}

/* A file that names the owner's primary may mean the storage root key: it is the same key where the
 * machine was set up by the same template. */
static bool load_object(struct tpm *tpm, struct tpm_object *object, struct tpm_trouble *trouble)
{
	const struct tpm_parent *srk, *owner;
	TSS2_RC rc = TPM2_RC_INTEGRITY;

	if (is_loaded(tpm, object)) {
		g_queue_unlink(&tpm->loaded, &object->link);
		g_queue_push_head_link(&tpm->loaded, &object->link);
		return true;
	}
	tpm->make_room = make_room;
	srk = tpm_srk(tpm);
	if (srk)
		rc = load_below(tpm, object, srk, trouble);
	else
		tpm_trouble(trouble, DEVID_KEY_MISSING, "tpm-other",
			    "TPM: the storage root key 0x81000001 is not there any more");
	if (tpm_rc_is(rc, TPM2_RC_INTEGRITY) && object->parent == TPM_PARENT_OWNER) {
		owner = tpm_owner(tpm, trouble);
		rc = owner ? load_below(tpm, object, owner, trouble) : rc;
	}
	return rc == TSS2_RC_SUCCESS;
}

/* --- signing
 * ---------------------------------------------------------------------------------------- */

static bool sign_loaded(struct tpm *tpm, struct job *job, struct tpm_trouble *trouble)
{
	static const TPMT_TK_HASHCHECK no_ticket = { .tag = TPM2_ST_HASHCHECK,
						     .hierarchy = TPM2_RH_NULL };
	static const TPMI_ALG_SIG_SCHEME schemes[] = {
		[SCHEME_RSA_PKCS1] = TPM2_ALG_RSASSA,
		[SCHEME_RSA_PSS] = TPM2_ALG_RSAPSS,
		[SCHEME_ECDSA] = TPM2_ALG_ECDSA,
	};
	TPMT_SIG_SCHEME scheme = { .scheme = schemes[job->scheme],
				   .details.any.hashAlg = job->hash };
	ESYS_TR session = tpm_session(tpm, NULL, false, trouble);
	TPMT_SIGNATURE *signature = NULL;
	gint64 until = 0;
	TSS2_RC rc;

	if (session == ESYS_TR_NONE)
		return false;
	do
		rc = Esys_Sign(tpm->esys, job->object->handle, session, ESYS_TR_NONE, ESYS_TR_NONE,
			       &job->digest, &scheme, &no_ticket, &signature);
	while (tpm_is_busy(rc, &until));
	if (rc != TSS2_RC_SUCCESS)
		return tpm_trouble_rc(trouble, rc, "signature");
	job->signature = *signature;
	Esys_Free(signature);
	return true;
}

static bool run_sign(struct tpm *tpm, struct tpm_work *work, struct tpm_trouble *trouble)
{
	struct job *job = (struct job *)work;

	return load_object(tpm, job->object, trouble) && sign_loaded(tpm, job, trouble);
}

static bool run_load(struct tpm *tpm, struct tpm_work *work, struct tpm_trouble *trouble)
{
	return load_object(tpm, ((struct job *)work)->object, trouble);
}

static bool run_unload(struct tpm *tpm, struct tpm_work *work, struct tpm_trouble *trouble)
{
	flush(tpm, ((struct job *)work)->object);
	return true;
}

static bool run_end(struct tpm *tpm, struct tpm_work *work, struct tpm_trouble *trouble)
{
	while (tpm->loaded.length > 0)
		flush(tpm, g_queue_peek_tail(&tpm->loaded));
	tpm_disconnect(tpm);
	return true;
}

static void job_free(struct tpm_work *work)
{
	struct job *job = (struct job *)work;

	if (job->object)
		object_unref(job->object);
	EVP_PKEY_free(job->pkey);
	secret_clear(&job->auth);
	g_free(job);
}

static struct job *job_new(bool (*run)(struct tpm *tpm, struct tpm_work *work,
				       struct tpm_trouble *trouble),
			   struct tpm_object *object)
{
	struct job *job = g_new0(struct job, 1);

	tpm_work_init(&job->work, run, job_free);
	job->object = object;
	if (object)
		g_atomic_ref_count_inc(&object->references);
	return job;
}

static const struct {
	enum wire_digest digest;
	TPMI_ALG_HASH hash;
	gsize size;
} digests[] = {
	{ DIGEST_SHA1, TPM2_ALG_SHA1, 20 },
	{ DIGEST_SHA256, TPM2_ALG_SHA256, 32 },
	{ DIGEST_SHA384, TPM2_ALG_SHA384, 48 },
	{ DIGEST_SHA512, TPM2_ALG_SHA512, 64 },
};

static bool put_right(const TPM2B_ECC_PARAMETER *number, guint8 *out, gsize part)
{
	if (number->size > part)
		return false;
	memset(out, 0, part - number->size);
	memcpy(out + part - number->size, number->buffer, number->size);
	return true;
}

static bool take_signature(const struct job *job, gsize part, guint8 *out,
			   struct tpm_trouble *trouble)
{
	const TPMT_SIGNATURE *signature = &job->signature;
	bool good;

	if (job->scheme == SCHEME_ECDSA) {
		const TPMS_SIGNATURE_ECC *ecc = &signature->signature.ecdsa;

		good = signature->sigAlg == TPM2_ALG_ECDSA &&
		       put_right(&ecc->signatureR, out, part) &&
		       put_right(&ecc->signatureS, out + part, part);
	} else {
		/* PSS has the same shape. */
		const TPM2B_PUBLIC_KEY_RSA *rsa = &signature->signature.rsassa.sig;

		good = (signature->sigAlg == TPM2_ALG_RSASSA ||
			signature->sigAlg == TPM2_ALG_RSAPSS) &&
		       rsa->size == part;
		if (good)
			memcpy(out, rsa->buffer, part);
	}
	return good ||
	       tpm_trouble(trouble, DEVID_FAILED, NULL, "TPM: its signature is of another kind");
}

static bool part_sign(struct tpm_object *object, enum wire_scheme scheme, enum wire_digest digest,
		      const guint8 *hash, gsize length, gsize part, guint8 *signature,
		      struct tpm_trouble *trouble)
{
	struct job *job;
	bool good;
	gsize i = 0;

	while (i < G_N_ELEMENTS(digests) && digests[i].digest != digest)
		i++;
	if (i == G_N_ELEMENTS(digests) || digests[i].size != length)
		return tpm_trouble(trouble, DEVID_UNSUPPORTED, NULL,
				   "TPM: it does not sign with this digest");
	job = job_new(run_sign, object);
	job->scheme = scheme;
	job->hash = digests[i].hash;
	job->digest.size = (UINT16)length;
	memcpy(job->digest.buffer, hash, length);
	good = tpm_work_do(&job->work, TPM_SIGN_BOUND_MS, NULL, trouble) &&
	       take_signature(job, part, signature, trouble);
	tpm_work_unref(&job->work);
	return good;
}

/* --- keys in and out
 * -------------------------------------------------------------------------------- */

static void part_unload(struct tpm_object *object)
{
	struct job *job = job_new(run_unload, object);

	job->work.if_connected = true;
	object_unref(object);
	tpm_work_begin(&job->work);
}

static struct tpm_object *object_new(const struct secret *auth)
{
	struct tpm_object *object = g_new0(struct tpm_object, 1);

	g_atomic_ref_count_init(&object->references);
	object->handle = ESYS_TR_NONE;
	object->auth.size = (UINT16)MIN(auth->length, sizeof(object->auth.buffer));
	if (object->auth.size > 0)
		memcpy(object->auth.buffer, auth->data, object->auth.size);
	return object;
}

static bool unmarshal(const struct tpm_file *file, struct tpm_object *object)
{
	gsize length = 0;
	const guint8 *data = g_bytes_get_data(file->public, &length);
	size_t offset = 0;

	if (Tss2_MU_TPM2B_PUBLIC_Unmarshal(data, length, &offset, &object->public) !=
		    TSS2_RC_SUCCESS ||
	    offset != length)
		return false;
	data = g_bytes_get_data(file->private, &length);
	offset = 0;
	return Tss2_MU_TPM2B_PRIVATE_Unmarshal(data, length, &offset, &object->private) ==
		       TSS2_RC_SUCCESS &&
	       offset == length;
}

static struct tpm_object *part_load(const struct tpm_file *file, const struct secret *auth,
				    const struct key_patience *patience, EVP_PKEY **public,
				    struct tpm_trouble *trouble)
{
	struct tpm_object *object = object_new(auth);
	struct job *job = job_new(run_load, object);
	EVP_PKEY *pkey = NULL;
	bool good;

	object->parent = file->parent;
	if (!unmarshal(file, object))
		good = tpm_trouble(trouble, DEVID_BAD_DATA, NULL, "TPM key: its file is damaged");
	else
		good = (pkey = tpm_public_key(&object->public.publicArea, trouble)) != NULL &&
		       tpm_work_do(&job->work, TPM_BOUND_MS, patience, trouble);
	tpm_work_unref(&job->work);
	if (!good) {
		EVP_PKEY_free(pkey);
		part_unload(object);
		return NULL;
	}
	*public = pkey;
	return object;
}

static bool same_area(const TPM2B_PUBLIC *a, const TPM2B_PUBLIC *b)
{
	guint8 areas[2][sizeof(*a)];
	size_t lengths[2] = { 0, 0 };

	return Tss2_MU_TPM2B_PUBLIC_Marshal(a, areas[0], sizeof(areas[0]), &lengths[0]) ==
		       TSS2_RC_SUCCESS &&
	       Tss2_MU_TPM2B_PUBLIC_Marshal(b, areas[1], sizeof(areas[1]), &lengths[1]) ==
		       TSS2_RC_SUCCESS &&
	       lengths[0] == lengths[1] && memcmp(areas[0], areas[1], lengths[0]) == 0;
}

/* The storage root key, where there is one; `*named` is how a file names it. Other programs can do
 * with the owner's primary only, so it is named so where it is that. */
static const struct tpm_parent *choose_parent(struct tpm *tpm, guint32 *named,
					      struct tpm_trouble *trouble)
{
	const struct tpm_parent *srk = tpm_srk(tpm), *owner;

	tpm->make_room = make_room;
	*named = TPM_PARENT_OWNER;
	if (!srk)
		return tpm_owner(tpm, trouble);
	owner = tpm_owner(tpm, NULL);
	if (!owner || !same_area(owner->public, srk->public))
		*named = TPM_PARENT_SRK;
	tpm_owner_release(tpm);
	return srk;
}

static bool run_import(struct tpm *tpm, struct tpm_work *work, struct tpm_trouble *trouble)
{
	static const TPMT_SYM_DEF_OBJECT no_inner = { .algorithm = TPM2_ALG_NULL };
	static const TPM2B_DATA no_key;
	struct job *job = (struct job *)work;
	const struct tpm_parent *parent = choose_parent(tpm, &job->object->parent, trouble);
	struct tpm_duplicate duplicate;
	TPM2B_PRIVATE *private = NULL;
	gint64 until = 0;
	ESYS_TR session;
	TSS2_RC rc;

	if (!parent ||
	    !tpm_wrap(job->pkey, &job->auth, &parent->public->publicArea, &duplicate, trouble))
		return false;
	session = tpm_session(tpm, parent, true, trouble);
	if (session == ESYS_TR_NONE)
		return false;
	do
		rc = Esys_Import(tpm->esys, parent->handle, session, ESYS_TR_NONE, ESYS_TR_NONE,
				 &no_key, &duplicate.public, &duplicate.duplicate, &duplicate.seed,
				 &no_inner, &private);
	while (tpm_is_busy(rc, &until) || make_room(tpm, rc));
	if (rc != TSS2_RC_SUCCESS)
		return tpm_trouble_rc(trouble, rc, "it does not take the key");
	job->object->public = duplicate.public;
	job->object->private = *private;
	Esys_Free(private);
	return load_object(tpm, job->object, trouble);
}

static bool run_create(struct tpm *tpm, struct tpm_work *work, struct tpm_trouble *trouble)
{
	static const TPM2B_DATA outside;
	static const TPML_PCR_SELECTION pcrs;
	struct job *job = (struct job *)work;
	const struct tpm_parent *parent = choose_parent(tpm, &job->object->parent, trouble);
	TPM2B_SENSITIVE_CREATE sensitive = { .sensitive.userAuth = job->object->auth };
	TPM2B_PUBLIC template = { 0 }, *public = NULL;
	TPM2B_PRIVATE *private = NULL;
	gint64 until = 0;
	ESYS_TR session;
	TSS2_RC rc;

	if (!parent || !tpm_template(job->rsa, job->bits, &template.publicArea, trouble))
		return false;
	session = tpm_session(tpm, parent, true, trouble);
	if (session == ESYS_TR_NONE)
		return false;
	do
		rc = Esys_Create(tpm->esys, parent->handle, session, ESYS_TR_NONE, ESYS_TR_NONE,
				 &sensitive, &template, &outside, &pcrs, &private, &public, NULL,
				 NULL, NULL);
	while (tpm_is_busy(rc, &until) || make_room(tpm, rc));
	secret_wipe(&sensitive, sizeof(sensitive));
	if (rc != TSS2_RC_SUCCESS)
		return tpm_trouble_rc(trouble, rc, "it does not make the key");
	job->object->public = *public;
	job->object->private = *private;
	Esys_Free(public);
	Esys_Free(private);
	return load_object(tpm, job->object, trouble);
}

static bool marshal(const struct tpm_object *object, struct tpm_file *file,
		    struct tpm_trouble *trouble)
{
	guint8 buffer[sizeof(object->public) + sizeof(object->private)];
	size_t length = 0;

	if (Tss2_MU_TPM2B_PUBLIC_Marshal(&object->public, buffer, sizeof(buffer), &length) ==
	    TSS2_RC_SUCCESS)
		file->public = g_bytes_new(buffer, length);
	length = 0;
	if (Tss2_MU_TPM2B_PRIVATE_Marshal(&object->private, buffer, sizeof(buffer), &length) ==
	    TSS2_RC_SUCCESS)
		file->private = g_bytes_new(buffer, length);
	file->parent = object->parent;
	file->empty_auth = object->auth.size == 0;
	return (file->public && file->private) ||
	       tpm_trouble(trouble, DEVID_FAILED, NULL, "TPM: its key can't be written");
}

static gsize ecdsa_der(const guint8 *signature, gsize part, unsigned char **der)
{
	ECDSA_SIG *parts = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(signature, (int)part, NULL);
	BIGNUM *s = BN_bin2bn(signature + part, (int)part, NULL);
	int length = 0;

	if (parts && r && s && ECDSA_SIG_set0(parts, r, s)) {
		length = i2d_ECDSA_SIG(parts, der);
	} else {
		BN_free(r);
		BN_free(s);
	}
	ECDSA_SIG_free(parts);
	return (gsize)MAX(length, 0);
}

/* What it signs must verify: by RSASSA or ECDSA. */
static bool probe(struct tpm_object *object, EVP_PKEY *pkey, struct tpm_trouble *trouble)
{
	static const guint8 hash[32] = { 1 };
	bool rsa = EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA;
	gsize part = ((gsize)EVP_PKEY_get_bits(pkey) + 7) / 8, length = part;
	guint8 signature[TPM2_MAX_RSA_KEY_BYTES];
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(pkey, NULL);
	unsigned char *der = NULL;
	bool good;

	good = part_sign(object, rsa ? SCHEME_RSA_PKCS1 : SCHEME_ECDSA, DIGEST_SHA256, hash,
			 sizeof(hash), part, signature, trouble);
	if (good && !rsa) {
		length = ecdsa_der(signature, part, &der);
		good = length > 0;
	}
	good = good && context && EVP_PKEY_verify_init(context) > 0 &&
	       EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) > 0 &&
	       EVP_PKEY_verify(context, der ? der : signature, length, hash, sizeof(hash)) == 1;
	OPENSSL_free(der);
	EVP_PKEY_CTX_free(context);
	ERR_clear_error();
	if (!good && trouble->result == DEVID_OK)
		tpm_trouble(trouble, DEVID_FAILED, NULL,
			    "TPM: what it signs with the key does not verify");
	return good;
}

static bool part_seal(EVP_PKEY *pkey, const struct secret *auth,
		      const struct key_patience *patience, struct tpm_file *file,
		      struct tpm_trouble *trouble)
{
	struct tpm_object *object = object_new(auth);
	struct job *job = job_new(run_import, object);
	bool good;

	EVP_PKEY_up_ref(pkey);
	job->pkey = pkey;
	good = auth->length <= sizeof(object->auth.buffer) &&
	       (auth->length == 0 ||
		secret_append(&job->auth, auth->data, auth->length) == DEVID_OK);
	if (!good)
		tpm_trouble(trouble, DEVID_NO_MEMORY, NULL, "TPM: no memory");
	good = good && tpm_work_do(&job->work, TPM_BOUND_MS, patience, trouble) &&
	       probe(object, pkey, trouble) && marshal(object, file, trouble);
	tpm_work_unref(&job->work);
	part_unload(object);
	return good;
}

static bool part_create(enum wire_key_type type, guint bits, const struct secret *auth,
			const struct key_patience *patience, struct tpm_file *file,
			EVP_PKEY **public, struct tpm_trouble *trouble)
{
	struct tpm_object *object = object_new(auth);
	struct job *job = job_new(run_create, object);
	EVP_PKEY *pkey = NULL;
	bool good;

	job->rsa = type == KEY_RSA;
	job->bits = bits;
	good = tpm_work_do(&job->work, TPM_CREATE_BOUND_MS, patience, trouble) &&
	       (pkey = tpm_public_key(&object->public.publicArea, trouble)) != NULL &&
	       probe(object, pkey, trouble) && marshal(object, file, trouble);
	tpm_work_unref(&job->work);
	part_unload(object);
	if (good)
		*public = g_steal_pointer(&pkey);
	EVP_PKEY_free(pkey);
	return good;
}

static void part_end(void)
{
	struct job *job = job_new(run_end, NULL);

	job->work.if_connected = true;
	tpm_work_do(&job->work, TPM_END_BOUND_MS, NULL, NULL);
	tpm_work_unref(&job->work);
}

extern const struct tpm_part devid_tpm_part;
__attribute__((visibility("default"))) const struct tpm_part devid_tpm_part = {
	.version = TPM_PART_VERSION,
	.seal = part_seal,
	.create = part_create,
	.load = part_load,
	.sign = part_sign,
	.unload = part_unload,
	.look = tpm_facts_read,
	.end = part_end,
};
