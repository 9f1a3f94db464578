/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signatures of the TPM. */
#pragma once

#include "tpm-object.h"

/* Of struct tpm_part. */
bool tpm_sign(struct tpm_object *object, enum wire_scheme scheme, enum wire_digest digest,
	      const guint8 *hash, gsize length, gsize part, guint8 *signature,
	      struct tpm_trouble *trouble);
