/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file of a TPM key: the PEM "TSS2 PRIVATE KEY" of draft-bottomley-tpm2-keys, as other programs
 * read and write it. It names no secret: what is private in it only the TPM can open. And that of a
 * storage key's public area, for which keys are wrapped elsewhere.
 */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include "key.h"

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
	GBytes *seed;	 /* marshalled TPM2B_ENCRYPTED_SECRET: of a key to be imported; else NULL */
	/* Not in the file: the name that its storage key must have (empty: any), or has. */
	char below[KEY_PARENT_NAME];
};
#define TPM_FILE_INIT ((struct tpm_file){ false, 0, NULL, NULL, NULL, "" })
#define AUTO_TPM_FILE __attribute__((cleanup(tpm_file_clear)))

/* DEVID_BAD_DATA; DEVID_UNSUPPORTED for what asks for a policy, is not a loadable key, or lies
 * below another parent.
 */
bool tpm_file_read(const void *text, gsize length, struct tpm_file *file, GError **error);
/* The DER of a key that the TPM is to import: one without an authorisation of its own, below one of
 * the parents above. Errors as above.
 */
bool tpm_file_read_wrapped(const void *der, gsize length, struct tpm_file *file, GError **error);
/* The PEM of the same, which may have an authorisation: one that its reader is told. */
bool tpm_file_read_duplicate(const void *text, gsize length, struct tpm_file *file, GError **error);
/* Whether it is such a DER at all, and not a PKCS#8. */
bool tpm_file_is_wrapped(const void *der, gsize length);
/* The PEM; NULL: no memory. */
GBytes *tpm_file_write(const struct tpm_file *file);
void tpm_file_clear(struct tpm_file *file);

/* A marshalled TPM2B_PUBLIC, by itself (as tpm2_readpublic and systemd write it) or as PEM. NULL
 * with DEVID_BAD_DATA. What is in it is not judged.
 */
GBytes *tpm_file_read_public(const void *text, gsize length, GError **error);
GBytes *tpm_file_write_public(GBytes *public); /* the PEM; NULL: no memory */
