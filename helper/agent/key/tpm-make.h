/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys made: imported, or created. */
#pragma once

#include "tpm-object.h"

/* Of struct tpm_part. */
bool tpm_make_sealed(EVP_PKEY *pkey, const struct secret *auth, const struct key_patience *patience,
		     struct tpm_file *file, struct tpm_trouble *trouble);
/* What tpm_wrapped_make() made, elsewhere. */
bool tpm_make_imported(const struct tpm_file *wrapped, const struct secret *auth,
		       const struct key_patience *patience, struct tpm_file *file,
		       struct tpm_trouble *trouble);
GBytes *tpm_make_parent(struct tpm_trouble *trouble);
bool tpm_make_new(enum wire_key_type type, guint bits, const struct secret *auth,
		  const struct key_patience *patience, struct tpm_file *file, EVP_PKEY **public,
		  struct tpm_trouble *trouble);
