/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signatures of the TPM: see tpm-sign.h. */
#include <string.h>
#include "tpm-rc.h"
#include "tpm-hmac.h"
#include "tpm-sign.h"

struct job {
	struct tpm_task task;
	enum wire_scheme scheme;
	TPMI_ALG_HASH hash;
	TPM2B_DIGEST digest;
	TPMT_SIGNATURE signature;
};

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
	struct tpm_object *object = job->task.object;
	TPMT_SIGNATURE *signature = NULL;
	gint64 until = 0;
	TSS2_RC rc;

	/* Without an authorisation an HMAC would prove nothing. */
	if (object->auth.size > 0) {
		rc = tpm_hmac_sign(tpm, object, &job->digest, &scheme, &job->signature);
		return rc == TSS2_RC_SUCCESS || tpm_trouble_rc(trouble, rc, "signature");
	}
	do
		rc = Esys_Sign(tpm->esys, object->handle, ESYS_TR_PASSWORD, ESYS_TR_NONE,
			       ESYS_TR_NONE, &job->digest, &scheme, &no_ticket, &signature);
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

	return tpm_object_load(tpm, job->task.object, trouble) && sign_loaded(tpm, job, trouble);
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

bool tpm_sign(struct tpm_object *object, enum wire_scheme scheme, enum wire_digest digest,
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
	job = tpm_task_new(sizeof(*job), run_sign, object);
	job->scheme = scheme;
	job->hash = digests[i].hash;
	job->digest.size = (UINT16)length;
	memcpy(job->digest.buffer, hash, length);
	good = tpm_work_do(&job->task.work, TPM_SIGN_BOUND_MS, NULL, trouble) &&
	       take_signature(job, part, signature, trouble);
	tpm_work_unref(&job->task.work);
	return good;
}
