/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file of a TPM key: the PEM "TSS2 PRIVATE KEY" of draft-bottomley-tpm2-keys, as other programs
 * read and write it. It names no secret: what is private in it only the TPM can open.
 */
#pragma once

#include <stdbool.h>
#include <glib.h>

/* The largest that is read: RSA-4096 comes to 2 KB. */
#define TPM_FILE_MAX 16384

/* TPM_RH_OWNER: the parent is the primary of the standard ECC template in the owner's hierarchy. */
#define TPM_PARENT_OWNER 0x40000001u
/* The persistent storage root key, where there is one. */
#define TPM_PARENT_SRK 0x81000001u

struct tpm_file {
	bool empty_auth; /* the key has no authorisation of its own */
	guint32 parent;
	GBytes *public;	 /* marshalled TPM2B_PUBLIC */
	GBytes *private; /* marshalled TPM2B_PRIVATE */
};
#define TPM_FILE_INIT ((struct tpm_file){ false, 0, NULL, NULL })
#define AUTO_TPM_FILE __attribute__((cleanup(tpm_file_clear)))

/* DEVID_BAD_DATA; DEVID_UNSUPPORTED for what asks for a policy, is not a loadable key, or lies
 * below another parent.
 */
bool tpm_file_read(const void *text, gsize length, struct tpm_file *file, GError **error);
/* The PEM; NULL: no memory. */
GBytes *tpm_file_write(const struct tpm_file *file);
void tpm_file_clear(struct tpm_file *file);
