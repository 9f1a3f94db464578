/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A signature by a key with an authorisation, which is proved and not sent (TPM 2.0 Library part 1,
 * section 19.6). */
#pragma once

#include "tpm-object.h"

/* The key is loaded. TSS2_ESYS_RC_RSP_AUTH_FAILED: the answer is not by who knows the
 * authorisation. */
TSS2_RC tpm_hmac_sign(struct tpm *tpm, const struct tpm_object *object, const TPM2B_DIGEST *digest,
		      const TPMT_SIG_SCHEME *scheme, TPMT_SIGNATURE *signature);
