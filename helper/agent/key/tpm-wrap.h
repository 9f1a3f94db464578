/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys between libcrypto and the TPM: a private key made into a duplicate that only the TPM with a
 * certain storage key can import (TPM 2.0 Library, Part 1, sections 11.4.10 and 23.3), and public
 * areas read.
 */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <internal/secret.h>
#include <openssl/evp.h>
#include <tss2/tss2_tpm2_types.h>
#include "tpm-trouble.h"

/* It signs, and nothing else; a wrong authorisation locks nobody out. Without fixedTPM it has come
 * from elsewhere, and without a policy it can't be duplicated again. */
#define TPM_KEY_BITS (TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_SIGN_ENCRYPT)

/* … and one that was made there never leaves. */
#define TPM_KEY_BORN_BITS \
	(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN)

struct tpm_duplicate {
	TPM2B_PUBLIC public;
	TPM2B_PRIVATE duplicate;
	TPM2B_ENCRYPTED_SECRET seed;
};

/* The duplicate is bound to `auth` (empty: none). DEVID_UNSUPPORTED: not a key for a TPM, or a
 * parent that isn't an RSA or NIST storage key with AES in CFB.
 */
bool tpm_wrap(EVP_PKEY *pkey, const struct secret *auth, const TPMT_PUBLIC *parent,
	      struct tpm_duplicate *out, struct tpm_trouble *trouble);
/* By which a TPM knows it: the algorithm and the hash of the area. NULL: of none that is used
 * here. */
GBytes *tpm_wrap_name(const TPMT_PUBLIC *public);
/* A new key that signs, to be made by the TPM that it never leaves. DEVID_UNSUPPORTED. */
bool tpm_template(bool rsa, guint bits, TPMT_PUBLIC *template, struct tpm_trouble *trouble);
/* NULL with DEVID_UNSUPPORTED or DEVID_BAD_DATA. */
EVP_PKEY *tpm_public_key(const TPMT_PUBLIC *public, struct tpm_trouble *trouble);
