/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The agent's part for TPMs, for a chip that makes RSA-PSS otherwise than it is verified: no
 * software TPM does. It signs another digest, which whoever verifies with a salt as long as the
 * digest can't tell from another salt. OTHER_SALT_PART names the true part.
 */
#include <dlfcn.h>
#include <string.h>
#include "agent/key/tpm-part.h"

extern struct tpm_part devid_tpm_part;
__attribute__((visibility("default"))) struct tpm_part devid_tpm_part;

static const struct tpm_part *whole;

static bool sign(struct tpm_object *object, enum wire_scheme scheme, enum wire_digest digest,
		 const guint8 *hash, gsize length, gsize part, guint8 *signature,
		 struct tpm_trouble *trouble)
{
	guint8 other[EVP_MAX_MD_SIZE] = { 0 };

	memcpy(other, hash, MIN(length, sizeof(other)));
	if (scheme == SCHEME_RSA_PSS)
		other[0] ^= 1;
	return whole->sign(object, scheme, digest, other, length, part, signature, trouble);
}

__attribute__((constructor)) static void open_whole(void)
{
	void *handle = dlopen(OTHER_SALT_PART, RTLD_NOW | RTLD_LOCAL);

	whole = handle ? dlsym(handle, TPM_PART_SYMBOL) : NULL;
	if (!whole)
		return;
	devid_tpm_part = *whole;
	devid_tpm_part.sign = sign;
}
