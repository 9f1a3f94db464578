/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* TPM2_Sign in an HMAC session: see tpm-hmac.h. The session is neither salted nor bound, so that
 * the authorisation alone is its key: 32 random bytes, which nobody finds out from what passes by.
 * Not by ESYS, whose HMAC takes five times as long as a fast TPM does for P-256 (a library context
 * of libcrypto for each hash).
 */
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <tss2/tss2_sys.h>
#include "tpm-hmac.h"
#include "tpm-rc.h"

#define HASH_SIZE  32
#define NONCE_SIZE 16
#define BITS	   TPMA_SESSION_CONTINUESESSION

/* What is hashed, one piece after the other; too much of it is an error at the end. */
struct pile {
	guint8 data[2048];
	gsize length;
	bool over;
};

static void put(struct pile *pile, const void *data, gsize length)
{
	pile->over = pile->over || length > sizeof(pile->data) - pile->length;
	if (pile->over)
		return;
	memcpy(pile->data + pile->length, data, length);
	pile->length += length;
}

static bool hash(const struct pile *pile, guint8 out[HASH_SIZE])
{
	return !pile->over &&
	       EVP_Digest(pile->data, pile->length, out, NULL, EVP_sha256(), NULL) == 1;
}

/* Part 1, 19.6.5: zeros at the end of an authorisation don't count. */
static bool mac(const TPM2B_AUTH *auth, const guint8 parameters[HASH_SIZE],
		const TPM2B_NONCE *newer, const TPM2B_NONCE *older, TPMA_SESSION bits,
		guint8 out[HASH_SIZE])
{
	struct pile pile = { .length = 0 };
	UINT16 size = auth->size;
	guint8 byte = (guint8)bits;

	while (size > 0 && auth->buffer[size - 1] == 0)
		size--;
	put(&pile, parameters, HASH_SIZE);
	put(&pile, newer->buffer, newer->size);
	put(&pile, older->buffer, older->size);
	put(&pile, &byte, 1);
	return !pile.over &&
	       HMAC(EVP_sha256(), auth->buffer, size, pile.data, pile.length, out, NULL);
}

static bool make_nonce(TPM2B_NONCE *nonce)
{
	nonce->size = NONCE_SIZE;
	return RAND_bytes(nonce->buffer, NONCE_SIZE) == 1;
}

static TSS2_RC start(struct tpm *tpm, TSS2_SYS_CONTEXT *sys)
{
	static const TPM2B_ENCRYPTED_SECRET no_salt;
	static const TPMT_SYM_DEF plain = { .algorithm = TPM2_ALG_NULL };
	TPM2B_NONCE nonce;
	gint64 until = 0;
	TSS2_RC rc;

	if (!make_nonce(&nonce))
		return TSS2_ESYS_RC_GENERAL_FAILURE;
	do {
		tpm->nonce.size = sizeof(tpm->nonce.buffer);
		rc = Tss2_Sys_StartAuthSession(sys, TPM2_RH_NULL, TPM2_RH_NULL, NULL, &nonce,
					       &no_salt, TPM2_SE_HMAC, &plain, TPM2_ALG_SHA256,
					       &tpm->hmac_session, &tpm->nonce, NULL);
	} while (tpm_is_busy(rc, &until) || tpm_flush_strays(tpm, rc));
	if (rc != TSS2_RC_SUCCESS)
		tpm->hmac_session = 0;
	return rc;
}

/* cpHash (part 1, 16.7): what is asked of which key. */
static bool hash_command(struct tpm *tpm, TSS2_SYS_CONTEXT *sys, ESYS_TR key, guint8 out[HASH_SIZE])
{
	struct pile pile = { .length = 0 };
	TPM2B_NAME *name = NULL;
	const guint8 *parameters;
	guint8 code[4];
	gsize length;

	if (Tss2_Sys_GetCommandCode(sys, code) != TSS2_RC_SUCCESS ||
	    Tss2_Sys_GetCpBuffer(sys, &length, &parameters) != TSS2_RC_SUCCESS ||
	    Esys_TR_GetName(tpm->esys, key, &name) != TSS2_RC_SUCCESS)
		return false;
	put(&pile, code, sizeof(code));
	put(&pile, name->name, name->size);
	put(&pile, parameters, length);
	Esys_Free(name);
	return hash(&pile, out);
}

/* rpHash (part 1, 16.8): what was answered. */
static bool hash_answer(TSS2_SYS_CONTEXT *sys, guint8 out[HASH_SIZE])
{
	static const guint8 success[4];
	struct pile pile = { .length = 0 };
	const guint8 *parameters;
	guint8 code[4];
	gsize length;

	if (Tss2_Sys_GetCommandCode(sys, code) != TSS2_RC_SUCCESS ||
	    Tss2_Sys_GetRpBuffer(sys, &length, &parameters) != TSS2_RC_SUCCESS)
		return false;
	put(&pile, success, sizeof(success));
	put(&pile, code, sizeof(code));
	put(&pile, parameters, length);
	return hash(&pile, out);
}

static bool is_answered(struct tpm *tpm, TSS2_SYS_CONTEXT *sys, const TPM2B_AUTH *auth,
			const TPM2B_NONCE *nonce)
{
	guint8 parameters[HASH_SIZE], wanted[HASH_SIZE];
	TSS2L_SYS_AUTH_RESPONSE answers = { .count = 0 };
	const TPMS_AUTH_RESPONSE *answer = &answers.auths[0];

	if (Tss2_Sys_GetRspAuths(sys, &answers) != TSS2_RC_SUCCESS || answers.count != 1 ||
	    answer->hmac.size != HASH_SIZE || !hash_answer(sys, parameters) ||
	    !mac(auth, parameters, &answer->nonce, nonce, answer->sessionAttributes, wanted) ||
	    CRYPTO_memcmp(wanted, answer->hmac.buffer, HASH_SIZE) != 0)
		return false;
	tpm->nonce = answer->nonce;
	return true;
}

static TSS2_RC sign_once(struct tpm *tpm, TSS2_SYS_CONTEXT *sys, const struct tpm_object *object,
			 const TPM2B_DIGEST *digest, const TPMT_SIG_SCHEME *scheme)
{
	static const TPMT_TK_HASHCHECK no_ticket = { .tag = TPM2_ST_HASHCHECK,
						     .hierarchy = TPM2_RH_NULL };
	TSS2L_SYS_AUTH_COMMAND commands = { .count = 1 };
	TPMS_AUTH_COMMAND *command = &commands.auths[0];
	guint8 parameters[HASH_SIZE];
	TPM2_HANDLE handle = 0;
	TSS2_RC rc = Esys_TR_GetTpmHandle(tpm->esys, object->handle, &handle);

	if (rc == TSS2_RC_SUCCESS)
		rc = Tss2_Sys_Sign_Prepare(sys, handle, digest, scheme, &no_ticket);
	if (rc != TSS2_RC_SUCCESS)
		return rc;
	command->sessionHandle = tpm->hmac_session;
	command->sessionAttributes = BITS;
	command->hmac.size = HASH_SIZE;
	if (!make_nonce(&command->nonce) || !hash_command(tpm, sys, object->handle, parameters) ||
	    !mac(&object->auth, parameters, &command->nonce, &tpm->nonce, BITS,
		 command->hmac.buffer))
		return TSS2_ESYS_RC_GENERAL_FAILURE;
	rc = Tss2_Sys_SetCmdAuths(sys, &commands);
	if (rc == TSS2_RC_SUCCESS)
		rc = Tss2_Sys_Execute(sys);
	if (rc == TSS2_RC_SUCCESS && !is_answered(tpm, sys, &object->auth, &command->nonce))
		rc = TSS2_ESYS_RC_RSP_AUTH_FAILED;
	return rc;
}

TSS2_RC tpm_hmac_sign(struct tpm *tpm, const struct tpm_object *object, const TPM2B_DIGEST *digest,
		      const TPMT_SIG_SCHEME *scheme, TPMT_SIGNATURE *signature)
{
	TSS2_SYS_CONTEXT *sys = NULL;
	gint64 until = 0;
	TSS2_RC rc = Esys_GetSysContext(tpm->esys, &sys);

	if (rc == TSS2_RC_SUCCESS && !tpm->hmac_session)
		rc = start(tpm, sys);
	if (rc != TSS2_RC_SUCCESS)
		return rc;
	do
		rc = sign_once(tpm, sys, object, digest, scheme);
	while (tpm_is_busy(rc, &until));
	if (rc == TSS2_RC_SUCCESS)
		rc = Tss2_Sys_Sign_Complete(sys, signature);
	/* Whose nonce is the latest, only an answer would tell. */
	if (rc != TSS2_RC_SUCCESS)
		tpm_end_hmac_session(tpm);
	return rc;
}
