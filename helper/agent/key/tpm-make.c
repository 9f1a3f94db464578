/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys made: see tpm-make.h. */
#include <string.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include "tpm-make.h"
#include "tpm-rc.h"
#include "tpm-sign.h"
#include "tpm-wrap.h"
#include "tpm-wrapped.h"

struct job {
	struct tpm_task task;
	/* an import */
	EVP_PKEY *pkey;
	struct secret auth;
	struct tpm_duplicate duplicate;
	bool bind; /* it comes without an authorisation, and gets that of its object */
	/* a creation */
	bool rsa;
	guint bits;
};

/* The storage root key, where there is one; `*named` is how a file names it. Other programs can do
 * with the owner's primary only, so it is named so where it is that. */
static const struct tpm_parent *choose_parent(struct tpm *tpm, guint32 *named,
					      struct tpm_trouble *trouble)
{
	const struct tpm_parent *srk = tpm_srk(tpm), *owner;

	tpm->make_room = tpm_object_make_room;
	*named = TPM_PARENT_OWNER;
	if (!srk)
		return tpm_owner(tpm, trouble);
	owner = tpm_owner(tpm, NULL);
	if (!owner || !tpm_same_area(owner->public, srk->public))
		*named = TPM_PARENT_SRK;
	tpm_owner_release(tpm);
	return srk;
}

/* Whether a storage key says by that code that a duplicate is not for it: of what is enciphered, or
 * of the seed, which is the fourth parameter. Some TPMs say that decrypting it failed.
 */
static bool is_for_another(TSS2_RC rc)
{
	bool of_parameter = (rc & (TPM2_RC_FMT1 | TPM2_RC_P)) == (TPM2_RC_FMT1 | TPM2_RC_P);

	return tpm_rc_is(rc, TPM2_RC_INTEGRITY) || tpm_rc_is(rc, TPM2_RC_FAILURE) ||
	       (of_parameter && (rc & TPM2_RC_N_MASK) == TPM2_RC_4);
}

static TSS2_RC import_below(struct tpm *tpm, struct job *job, const struct tpm_parent *parent,
			    struct tpm_trouble *trouble)
{
	static const TPMT_SYM_DEF_OBJECT no_inner = { .algorithm = TPM2_ALG_NULL };
	static const TPM2B_DATA no_key;
	const struct tpm_duplicate *duplicate = &job->duplicate;
	ESYS_TR session = tpm_session(tpm, parent, true, trouble);
	TPM2B_PRIVATE *private = NULL;
	gint64 until = 0;
	TSS2_RC rc;

	if (session == ESYS_TR_NONE)
		return TSS2_ESYS_RC_GENERAL_FAILURE;
	do
		rc = Esys_Import(tpm->esys, parent->handle, session, ESYS_TR_NONE, ESYS_TR_NONE,
				 &no_key, &duplicate->public, &duplicate->duplicate,
				 &duplicate->seed, &no_inner, &private);
	while (tpm_is_busy(rc, &until) || tpm_object_make_room(tpm, rc));
	if (rc != TSS2_RC_SUCCESS) {
		tpm_trouble_rc(trouble, rc, "it does not take the key");
		return rc;
	}
	job->task.object->public = duplicate->public;
	job->task.object->private = *private;
	Esys_Free(private);
	return rc;
}

static bool run_import(struct tpm *tpm, struct tpm_work *work, struct tpm_trouble *trouble)
{
	struct job *job = (struct job *)work;
	const struct tpm_parent *parent = choose_parent(tpm, &job->task.object->parent, trouble);

	return parent &&
	       tpm_wrap(job->pkey, &job->auth, &parent->public->publicArea, &job->duplicate,
			trouble) &&
	       import_below(tpm, job, parent, trouble) == TSS2_RC_SUCCESS &&
	       tpm_object_load(tpm, job->task.object, trouble);
}

/* What was wrapped elsewhere comes without an authorisation; it gets that of its object. */
static bool bind_auth(struct tpm *tpm, struct tpm_object *object, const struct tpm_parent *parent,
		      struct tpm_trouble *trouble)
{
	TPM2B_AUTH auth = object->auth;
	TPM2B_PRIVATE *private = NULL;
	ESYS_TR session;
	gint64 until = 0;
	TSS2_RC rc = TSS2_ESYS_RC_GENERAL_FAILURE;

	object->auth.size = 0;
	if (tpm_object_load(tpm, object, trouble)) {
		session = tpm_session(tpm, parent, true, trouble);
		while (session != ESYS_TR_NONE) {
			rc = Esys_ObjectChangeAuth(tpm->esys, object->handle, parent->handle,
						   session, ESYS_TR_NONE, ESYS_TR_NONE, &auth,
						   &private);
			if (!tpm_is_busy(rc, &until))
				break;
		}
		if (session != ESYS_TR_NONE && rc != TSS2_RC_SUCCESS)
			tpm_trouble_rc(trouble, rc, "the key's authorisation");
		tpm_object_flush(tpm, object);
	}
	object->auth = auth;
	secret_wipe(&auth, sizeof(auth));
	if (rc == TSS2_RC_SUCCESS)
		object->private = *private;
	Esys_Free(private);
	return rc == TSS2_RC_SUCCESS;
}

/* As tpm_object_load() has it: the storage root key may be younger than the file. */
static bool run_import_wrapped(struct tpm *tpm, struct tpm_work *work, struct tpm_trouble *trouble)
{
	struct job *job = (struct job *)work;
	struct tpm_object *object = job->task.object;
	const struct tpm_parent *parent = choose_parent(tpm, &object->parent, trouble);
	TSS2_RC rc;

	if (!parent)
		return false;
	rc = import_below(tpm, job, parent, trouble);
	if (rc != TSS2_RC_SUCCESS && parent == tpm_srk(tpm) && is_for_another(rc)) {
		parent = tpm_owner(tpm, NULL);
		object->parent = TPM_PARENT_OWNER;
		rc = parent ? import_below(tpm, job, parent, trouble) : rc;
	}
	if (is_for_another(rc))
		tpm_trouble(trouble, DEVID_MISMATCH, "tpm-not-for",
			    "TPM: the key was wrapped for another one, or its file was changed");
	return rc == TSS2_RC_SUCCESS && (!job->bind || bind_auth(tpm, object, parent, trouble)) &&
	       tpm_object_load(tpm, object, trouble);
}

static bool run_parent(struct tpm *tpm, struct tpm_work *work, struct tpm_trouble *trouble)
{
	struct job *job = (struct job *)work;
	guint32 named;
	const struct tpm_parent *parent = choose_parent(tpm, &named, trouble);

	if (parent)
		job->duplicate.public = *parent->public;
	return parent != NULL;
}

static bool run_create(struct tpm *tpm, struct tpm_work *work, struct tpm_trouble *trouble)
{
	static const TPM2B_DATA outside;
	static const TPML_PCR_SELECTION pcrs;
	struct job *job = (struct job *)work;
	const struct tpm_parent *parent = choose_parent(tpm, &job->task.object->parent, trouble);
	TPM2B_SENSITIVE_CREATE sensitive = { .sensitive.userAuth = job->task.object->auth };
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
	while (tpm_is_busy(rc, &until) || tpm_object_make_room(tpm, rc));
	secret_wipe(&sensitive, sizeof(sensitive));
	if (rc != TSS2_RC_SUCCESS)
		return tpm_trouble_rc(trouble, rc, "it does not make the key");
	job->task.object->public = *public;
	job->task.object->private = *private;
	Esys_Free(public);
	Esys_Free(private);
	return tpm_object_load(tpm, job->task.object, trouble);
}

static bool marshal(const struct tpm_object *object, struct tpm_file *file,
		    struct tpm_trouble *trouble)
{
	file->public = tpm_marshal_public(&object->public);
	file->private = tpm_marshal_private(&object->private);
	file->parent = object->parent;
	g_strlcpy(file->below, object->below, sizeof(file->below));
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

	good = tpm_sign(object, rsa ? SCHEME_RSA_PKCS1 : SCHEME_ECDSA, DIGEST_SHA256, hash,
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

static void job_clear(struct tpm_task *task)
{
	struct job *job = (struct job *)task;

	EVP_PKEY_free(job->pkey);
	secret_clear(&job->auth);
}

static struct job *job_new(bool (*run)(struct tpm *tpm, struct tpm_work *work,
				       struct tpm_trouble *trouble),
			   struct tpm_object *object)
{
	struct job *job = tpm_task_new(sizeof(*job), run, object);

	job->task.clear = job_clear;
	return job;
}

bool tpm_make_sealed(EVP_PKEY *pkey, const struct secret *auth, const struct key_patience *patience,
		     struct tpm_file *file, struct tpm_trouble *trouble)
{
	struct tpm_object *object = tpm_object_new(auth);
	struct job *job = job_new(run_import, object);
	bool good;

	EVP_PKEY_up_ref(pkey);
	job->pkey = pkey;
	good = auth->length <= sizeof(object->auth.buffer) &&
	       (auth->length == 0 ||
		secret_append(&job->auth, auth->data, auth->length) == DEVID_OK);
	if (!good)
		tpm_trouble(trouble, DEVID_NO_MEMORY, NULL, "TPM: no memory");
	good = good && tpm_work_do(&job->task.work, TPM_BOUND_MS, patience, trouble) &&
	       probe(object, pkey, trouble) && marshal(object, file, trouble);
	tpm_work_unref(&job->task.work);
	tpm_object_close(object);
	return good;
}

bool tpm_make_imported(const struct tpm_file *wrapped, const struct secret *auth,
		       const struct key_patience *patience, struct tpm_file *file,
		       struct tpm_trouble *trouble)
{
	struct tpm_object *object = tpm_object_new(auth);
	struct job *job = job_new(run_import_wrapped, object);
	EVP_PKEY *pkey = tpm_wrapped_read(wrapped, &job->duplicate, trouble);
	bool good;

	job->bind = wrapped->empty_auth && auth->length > 0;
	good = pkey && tpm_work_do(&job->task.work, TPM_BOUND_MS, patience, trouble) &&
	       probe(object, pkey, trouble) && marshal(object, file, trouble);
	EVP_PKEY_free(pkey);
	tpm_work_unref(&job->task.work);
	tpm_object_close(object);
	return good;
}

bool tpm_make_new(enum wire_key_type type, guint bits, const struct secret *auth,
		  const struct key_patience *patience, struct tpm_file *file, EVP_PKEY **public,
		  struct tpm_trouble *trouble)
{
	struct tpm_object *object = tpm_object_new(auth);
	struct job *job = job_new(run_create, object);
	EVP_PKEY *pkey = NULL;
	bool good;

	job->rsa = type == KEY_RSA;
	job->bits = bits;
	good = tpm_work_do(&job->task.work, TPM_CREATE_BOUND_MS, patience, trouble) &&
	       (pkey = tpm_public_key(&object->public.publicArea, trouble)) != NULL &&
	       probe(object, pkey, trouble) && marshal(object, file, trouble);
	tpm_work_unref(&job->task.work);
	tpm_object_close(object);
	if (good)
		*public = g_steal_pointer(&pkey);
	EVP_PKEY_free(pkey);
	return good;
}

GBytes *tpm_make_parent(struct tpm_trouble *trouble)
{
	struct job *job = job_new(run_parent, NULL);
	GBytes *public = NULL;

	if (tpm_work_do(&job->task.work, TPM_BOUND_MS, NULL, trouble)) {
		public = tpm_marshal_public(&job->duplicate.public);
		if (!public)
			tpm_trouble(trouble, DEVID_FAILED, NULL,
				    "TPM: its storage key can't be written");
	}
	tpm_work_unref(&job->task.work);
	return public;
}
