/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* TPM2_Sign and nothing else: signatures a second with a key that lies in the TPM already. What any
 * client of a TPM pays at least.
 *
 *	tpm-sign TCTI rsa|ec SECONDS
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <tss2/tss2_esys.h>
#include <tss2/tss2_tctildr.h>

static ESYS_CONTEXT *esys;

static void must(TSS2_RC code, const char *what)
{
	if (code == TSS2_RC_SUCCESS)
		return;
	fprintf(stderr, "tpm-sign: %s: 0x%x\n", what, code);
	exit(1);
}

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static ESYS_TR make_key(bool ec)
{
	TPM2B_PUBLIC template = {
		.publicArea = { .type = ec ? TPM2_ALG_ECC : TPM2_ALG_RSA,
				.nameAlg = TPM2_ALG_SHA256,
				.objectAttributes = TPMA_OBJECT_SIGN_ENCRYPT |
						    TPMA_OBJECT_USERWITHAUTH |
						    TPMA_OBJECT_SENSITIVEDATAORIGIN |
						    TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT }
	};
	const TPM2B_SENSITIVE_CREATE sensitive = { 0 };
	const TPM2B_DATA outside = { 0 };
	const TPML_PCR_SELECTION no_pcr = { 0 };
	ESYS_TR key;

	if (ec) {
		template.publicArea.parameters.eccDetail =
			(TPMS_ECC_PARMS){ .symmetric.algorithm = TPM2_ALG_NULL,
					  .scheme.scheme = TPM2_ALG_NULL,
					  .curveID = TPM2_ECC_NIST_P256,
					  .kdf.scheme = TPM2_ALG_NULL };
	} else {
		template.publicArea.parameters.rsaDetail =
			(TPMS_RSA_PARMS){ .symmetric.algorithm = TPM2_ALG_NULL,
					  .scheme.scheme = TPM2_ALG_NULL,
					  .keyBits = 2048 };
	}
	must(Esys_CreatePrimary(esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
				ESYS_TR_NONE, &sensitive, &template, &outside, &no_pcr, &key, NULL,
				NULL, NULL, NULL),
	     "Esys_CreatePrimary");
	return key;
}

static void sign(ESYS_TR key, bool ec, unsigned counter)
{
	const TPMT_TK_HASHCHECK ticket = { .tag = TPM2_ST_HASHCHECK, .hierarchy = TPM2_RH_NULL };
	TPMT_SIG_SCHEME scheme = { .scheme = ec ? TPM2_ALG_ECDSA : TPM2_ALG_RSASSA,
				   .details.any.hashAlg = TPM2_ALG_SHA256 };
	TPM2B_DIGEST digest = { .size = 32 };
	TPMT_SIGNATURE *signature = NULL;

	memcpy(digest.buffer, &counter, sizeof(counter));
	must(Esys_Sign(esys, key, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &digest, &scheme,
		       &ticket, &signature),
	     "Esys_Sign");
	Esys_Free(signature);
}

int main(int argc, char **argv)
{
	TSS2_TCTI_CONTEXT *tcti;
	double start, end, now;
	unsigned count = 0;
	ESYS_TR key;
	bool ec;

	if (argc != 4)
		return 2;
	ec = strcmp(argv[2], "ec") == 0;
	must(Tss2_TctiLdr_Initialize(argv[1], &tcti), "Tss2_TctiLdr_Initialize");
	must(Esys_Initialize(&esys, tcti, NULL), "Esys_Initialize");
	key = make_key(ec);
	sign(key, ec, 0);
	start = now_us();
	end = start + strtod(argv[3], NULL) * 1e6;
	do {
		sign(key, ec, ++count);
		now = now_us();
	} while (now < end);
	printf("%.1f\n", count / ((now - start) / 1e6));
	must(Esys_FlushContext(esys, key), "Esys_FlushContext");
	Esys_Finalize(&esys);
	Tss2_TctiLdr_Finalize(&tcti);
	return 0;
}
