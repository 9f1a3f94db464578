/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The part that talks to the TPM: see tpm-part.h. */
#include "tpm-facts.h"
#include "tpm-make.h"
#include "tpm-object.h"
#include "tpm-part.h"
#include "tpm-sign.h"
#include "tpm-wrapped.h"

extern const struct tpm_part devid_tpm_part;
__attribute__((visibility("default"))) const struct tpm_part devid_tpm_part = {
	.version = TPM_PART_VERSION,
	.seal = tpm_make_sealed,
	.wrap = tpm_wrapped_make,
	.public_key = tpm_wrapped_public,
	.import = tpm_make_imported,
	.parent = tpm_make_parent,
	.create = tpm_make_new,
	.load = tpm_object_open,
	.sign = tpm_sign,
	.unload = tpm_object_close,
	.look = tpm_facts_read,
	.end = tpm_object_end,
};
