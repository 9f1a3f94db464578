/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys made: see tpm-make.h. */
#include <string.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <tss2/tss2_mu.h>
#include "tpm-make.h"
#include "tpm-sign.h"
#include "tpm-wrap.h"

struct job {
	struct tpm_task task;
	/* an import */
	EVP_PKEY *pkey;
	struct secret auth;
	/* a creation */
	bool rsa;
	guint bits;
};

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

	tpm->make_room = tpm_object_make_room;
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
	const struct tpm_parent *parent = choose_parent(tpm, &job->task.object->parent, trouble);
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
	while (tpm_is_busy(rc, &until) || tpm_object_make_room(tpm, rc));
	if (rc != TSS2_RC_SUCCESS)
		return tpm_trouble_rc(trouble, rc, "it does not take the key");
	job->task.object->public = duplicate.public;
	job->task.object->private = *private;
	Esys_Free(private);
	return tpm_object_load(tpm, job->task.object, trouble);
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
