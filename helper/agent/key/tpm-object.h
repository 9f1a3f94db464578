/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys that the TPM has, or can have again: loaded when they are used, and taken out for others;
 * then it is their contexts that are loaded, which spares the storage key. Of the TPM's thread, but
 * for what is said otherwise.
 */
#pragma once

#include "tpm-link.h"
#include "tpm-part.h"

struct tpm_object {
	gatomicrefcount references;
	TPM2B_PUBLIC public;
	TPM2B_PRIVATE private;
	TPM2B_AUTH auth;
	guint32 parent;
	char below[KEY_PARENT_NAME]; /* its storage key's name; empty: not known yet */
	/* Of the TPM's thread. */
	ESYS_TR handle;
	guint connected;       /* when it was loaded (struct tpm) */
	TPMS_CONTEXT *context; /* of that time; NULL: it was never taken out for others */
	GList link;
};

/* Not loaded. From any thread. */
struct tpm_object *tpm_object_new(const struct secret *auth);
/* Where it isn't loaded. DEVID_KEY_MISSING with tpm-other: neither storage key opens it, or is the
 * one that it lay below. */
bool tpm_object_load(struct tpm *tpm, struct tpm_object *object, struct tpm_trouble *trouble);
/* Out of the TPM, where it is in it, and nothing is kept of it. */
void tpm_object_flush(struct tpm *tpm, struct tpm_object *object);
/* After that code: the key that was used longest ago makes room. Whether it is worth to be tried
 * again. */
bool tpm_object_make_room(struct tpm *tpm, TSS2_RC rc);

/* What is asked of the TPM about one key: the first member of what it is asked with. */
struct tpm_task {
	struct tpm_work work;
	struct tpm_object *object;
	void (*clear)(struct tpm_task *task); /* what else it has; may be NULL */
};

/* All zero but for that, `size` bytes long; tpm_work_unref() frees it. From any thread, as what
 * follows. */
void *tpm_task_new(gsize size,
		   bool (*run)(struct tpm *tpm, struct tpm_work *work, struct tpm_trouble *trouble),
		   struct tpm_object *object);

/* Of struct tpm_part. */
struct tpm_object *tpm_object_open(struct tpm_file *file, const struct secret *auth,
				   const struct key_patience *patience, EVP_PKEY **public,
				   struct tpm_trouble *trouble);
void tpm_object_close(struct tpm_object *object);
void tpm_object_end(void);
