/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys wrapped for a TPM that is elsewhere, and such keys judged before the TPM is given them. It
 * asks no TPM.
 */
#pragma once

#include "tpm-part.h"
#include "tpm-wrap.h"

/* NULL: it can't be. */
GBytes *tpm_marshal_public(const TPM2B_PUBLIC *public);
GBytes *tpm_marshal_private(const TPM2B_PRIVATE *private);
/* false: it is damaged. */
bool tpm_unmarshal_public(GBytes *bytes, TPM2B_PUBLIC *public);
/* Whether the TPM would take them for the same. */
bool tpm_same_area(const TPM2B_PUBLIC *a, const TPM2B_PUBLIC *b);

/* What is in the file, and its public half. NULL with DEVID_BAD_DATA, or DEVID_UNSUPPORTED for a
 * key that could do anything else than sign. */
EVP_PKEY *tpm_wrapped_read(const struct tpm_file *file, struct tpm_duplicate *duplicate,
			   struct tpm_trouble *trouble);

/* Whether a key signs, and can do nothing else; wrapped, or made in the TPM. NULL:
 * DEVID_UNSUPPORTED, DEVID_BAD_DATA; else its public half. */
EVP_PKEY *tpm_wrapped_judge(const TPM2B_PUBLIC *public, bool born, struct tpm_trouble *trouble);

/* Of struct tpm_part. */
bool tpm_wrapped_make(EVP_PKEY *pkey, const struct secret *auth, GBytes *parent,
		      struct tpm_file *file, GBytes **name, struct tpm_trouble *trouble);
EVP_PKEY *tpm_wrapped_public(const struct tpm_file *file, struct tpm_trouble *trouble);
