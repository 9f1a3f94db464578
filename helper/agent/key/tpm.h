/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys in a TPM 2.0: what signs is a part of its own (tpm-part.h), opened when the first of them is
 * used.
 */
#pragma once

#include <stdbool.h>
#include "key.h"

extern const struct key_driver key_tpm;

struct tpm_facts;
/* What it says of itself (tpm-part.h), by its part. */
bool tpm_look(struct tpm_facts *facts, GError **error);
/* The public area of its storage key as PEM, for which keys are wrapped elsewhere. */
GBytes *tpm_storage_key(GError **error);
/* A PKCS#8 for the TPM with the storage key whose public area is in `text` (tpm-file.h), and which
 * is known to it by `*name`: the PEM of a key that it can import. No TPM is asked.
 */
GBytes *tpm_wrap_for(const struct secret *pkcs8, const void *text, gsize length, GBytes **name,
		     GError **error);
