/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys wrapped for a TPM that is elsewhere: see tpm-wrapped.h. */
#include <string.h>
#include <tss2/tss2_mu.h>
#include "tpm-link.h"
#include "tpm-wrapped.h"

#define RSA_BITS_MIN 2048

/* What a TPM holds to for ever: nobody has its private half elsewhere. */
#define FIXED_BITS (TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT)

GBytes *tpm_marshal_public(const TPM2B_PUBLIC *public)
{
	guint8 buffer[sizeof(*public)];
	size_t length = 0;

	return Tss2_MU_TPM2B_PUBLIC_Marshal(public, buffer, sizeof(buffer), &length) ==
			       TSS2_RC_SUCCESS
		       ? g_bytes_new(buffer, length)
		       : NULL;
}

GBytes *tpm_marshal_private(const TPM2B_PRIVATE *private)
{
	guint8 buffer[sizeof(*private)];
	size_t length = 0;

	return Tss2_MU_TPM2B_PRIVATE_Marshal(private, buffer, sizeof(buffer), &length) ==
			       TSS2_RC_SUCCESS
		       ? g_bytes_new(buffer, length)
		       : NULL;
}

static GBytes *marshal_seed(const TPM2B_ENCRYPTED_SECRET *seed)
{
	guint8 buffer[sizeof(*seed)];
	size_t length = 0;

	return Tss2_MU_TPM2B_ENCRYPTED_SECRET_Marshal(seed, buffer, sizeof(buffer), &length) ==
			       TSS2_RC_SUCCESS
		       ? g_bytes_new(buffer, length)
		       : NULL;
}

bool tpm_same_area(const TPM2B_PUBLIC *a, const TPM2B_PUBLIC *b)
{
	g_autoptr(GBytes) first = tpm_marshal_public(a), second = tpm_marshal_public(b);

	return first && second && g_bytes_equal(first, second);
}

/* --- made here */

/* The TSS takes areas whose size is none: they are not marshalled so again. */
bool tpm_unmarshal_public(GBytes *bytes, TPM2B_PUBLIC *public)
{
	g_autoptr(GBytes) again = NULL;
	gsize length = 0;
	const guint8 *data = g_bytes_get_data(bytes, &length);
	size_t offset = 0;

	memset(public, 0, sizeof(*public));
	if (Tss2_MU_TPM2B_PUBLIC_Unmarshal(data, length, &offset, public) != TSS2_RC_SUCCESS)
		return false;
	again = tpm_marshal_public(public);
	return again && g_bytes_equal(again, bytes);
}

/* Only what the other TPM's agent would keep keys below: anything else could not be imported there,
 * or opened elsewhere. */
static bool read_parent(GBytes *bytes, TPM2B_PUBLIC *parent, struct tpm_trouble *trouble)
{
	const TPMT_PUBLIC *area = &parent->publicArea;

	if (!tpm_unmarshal_public(bytes, parent))
		return tpm_trouble(trouble, DEVID_BAD_DATA, NULL,
				   "storage key: its public area is damaged");
	if (!tpm_is_storage_key(area) || (area->objectAttributes & FIXED_BITS) != FIXED_BITS ||
	    (area->type == TPM2_ALG_RSA && area->parameters.rsaDetail.keyBits < RSA_BITS_MIN))
		return tpm_trouble(trouble, DEVID_UNSUPPORTED, "tpm-not-storage",
				   "storage key: this key is none that a TPM keeps others below");
	return true;
}

bool tpm_wrapped_make(EVP_PKEY *pkey, const struct secret *auth, GBytes *parent,
		      struct tpm_file *file, GBytes **name, struct tpm_trouble *trouble)
{
	struct tpm_duplicate duplicate;
	TPM2B_PUBLIC area;

	if (!read_parent(parent, &area, trouble) ||
	    !tpm_wrap(pkey, auth, &area.publicArea, &duplicate, trouble))
		return false;
	*name = tpm_wrap_name(&area.publicArea);
	file->empty_auth = auth->length == 0;
	file->parent = TPM_PARENT_OWNER;
	file->public = tpm_marshal_public(&duplicate.public);
	file->private = tpm_marshal_private(&duplicate.duplicate);
	file->seed = marshal_seed(&duplicate.seed);
	return (*name && file->public && file->private && file->seed) ||
	       tpm_trouble(trouble, DEVID_FAILED, NULL, "TPM: the wrapped key can't be written");
}

/* --- made elsewhere */

/* As tpm_wrap() makes it, or as a TPM makes it by tpm_template(), bit by bit: it locks nobody out.
 */
static bool signs_only(const TPM2B_PUBLIC *public, bool born, EVP_PKEY *pkey)
{
	TPMA_OBJECT bits = public->publicArea.objectAttributes;
	TPM2B_PUBLIC wanted = { 0 };

	if (!tpm_template(public->publicArea.type == TPM2_ALG_RSA, (guint)EVP_PKEY_get_bits(pkey),
			  &wanted.publicArea, NULL))
		return false;
	if (!born || bits == TPM_KEY_BITS)
		wanted.publicArea.objectAttributes = TPM_KEY_BITS;
	wanted.publicArea.unique = public->publicArea.unique;
	return tpm_same_area(&wanted, public);
}

EVP_PKEY *tpm_wrapped_judge(const TPM2B_PUBLIC *public, bool born, struct tpm_trouble *trouble)
{
	EVP_PKEY *pkey = tpm_public_key(&public->publicArea, trouble);

	if (!pkey || signs_only(public, born, pkey))
		return pkey;
	EVP_PKEY_free(pkey);
	tpm_trouble(trouble, DEVID_UNSUPPORTED, NULL,
		    "TPM key: it could do other things than sign, or asks for a policy");
	return NULL;
}

static bool read_rest(const struct tpm_file *file, struct tpm_duplicate *duplicate)
{
	gsize length = 0, seed_length = 0;
	const guint8 *data = g_bytes_get_data(file->private, &length);
	const guint8 *seed = file->seed ? g_bytes_get_data(file->seed, &seed_length) : NULL;
	size_t offset = 0, seed_offset = 0;

	return seed &&
	       Tss2_MU_TPM2B_PRIVATE_Unmarshal(data, length, &offset, &duplicate->duplicate) ==
		       TSS2_RC_SUCCESS &&
	       offset == length &&
	       Tss2_MU_TPM2B_ENCRYPTED_SECRET_Unmarshal(seed, seed_length, &seed_offset,
							&duplicate->seed) == TSS2_RC_SUCCESS &&
	       seed_offset == seed_length;
}

static EVP_PKEY *damaged(struct tpm_trouble *trouble)
{
	tpm_trouble(trouble, DEVID_BAD_DATA, NULL, "TPM key: its file is damaged");
	return NULL;
}

EVP_PKEY *tpm_wrapped_read(const struct tpm_file *file, struct tpm_duplicate *duplicate,
			   struct tpm_trouble *trouble)
{
	memset(duplicate, 0, sizeof(*duplicate));
	if (!tpm_unmarshal_public(file->public, &duplicate->public) || !read_rest(file, duplicate))
		return damaged(trouble);
	return tpm_wrapped_judge(&duplicate->public, false, trouble);
}

EVP_PKEY *tpm_wrapped_public(const struct tpm_file *file, struct tpm_trouble *trouble)
{
	TPM2B_PUBLIC public;

	return tpm_unmarshal_public(file->public, &public)
		       ? tpm_wrapped_judge(&public, !file->seed, trouble)
		       : damaged(trouble);
}
