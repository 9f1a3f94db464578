/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file of a TPM key: see tpm-file.h. */
#include <string.h>
#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include "base/der.h"
#include "base/error.h"
#include "tpm-file.h"

#define PEM_LABEL      "TSS2 PRIVATE KEY"
#define PEM_PUBLIC     "TPM2B_PUBLIC"
#define OID_LOADABLE   "2.23.133.10.1.3"
#define OID_IMPORTABLE "2.23.133.10.1.4"

/* A DER BOOLEAN that isn't there. */
#define ABSENT (-1)

typedef struct tpm_key {
	ASN1_OBJECT *type;
	ASN1_BOOLEAN empty_auth;
	ASN1_TYPE *policy;
	ASN1_OCTET_STRING *secret;
	ASN1_TYPE *auth_policy;
	ASN1_UTF8STRING *description;
	ASN1_INTEGER *parent;
	ASN1_OCTET_STRING *public;
	ASN1_OCTET_STRING *private;
} TPM_KEY;

/* clang-format off */
ASN1_SEQUENCE(TPM_KEY) = {
	ASN1_SIMPLE(TPM_KEY, type, ASN1_OBJECT),
	ASN1_EXP_OPT(TPM_KEY, empty_auth, ASN1_BOOLEAN, 0),
	ASN1_EXP_OPT(TPM_KEY, policy, ASN1_ANY, 1),
	ASN1_EXP_OPT(TPM_KEY, secret, ASN1_OCTET_STRING, 2),
	ASN1_EXP_OPT(TPM_KEY, auth_policy, ASN1_ANY, 3),
	ASN1_EXP_OPT(TPM_KEY, description, ASN1_UTF8STRING, 4),
	ASN1_SIMPLE(TPM_KEY, parent, ASN1_INTEGER),
	ASN1_SIMPLE(TPM_KEY, public, ASN1_OCTET_STRING),
	ASN1_SIMPLE(TPM_KEY, private, ASN1_OCTET_STRING),
} static_ASN1_SEQUENCE_END(TPM_KEY)
/* clang-format on */

static void tpm_key_free(TPM_KEY *key)
{
	ASN1_item_free((ASN1_VALUE *)key, ASN1_ITEM_rptr(TPM_KEY));
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TPM_KEY, tpm_key_free)

static bool damaged(GError **error)
{
	ERR_clear_error();
	return devid_error_set(error, DEVID_BAD_DATA, NULL, NULL,
			       "TPM key: its file is damaged or of another kind");
}

static bool unsupported(GError **error, const char *what)
{
	return devid_error_set(error, DEVID_UNSUPPORTED, NULL, NULL, "TPM key: %s", what);
}

static GBytes *bytes_of(const ASN1_OCTET_STRING *string)
{
	return g_bytes_new(ASN1_STRING_get0_data(string), (gsize)ASN1_STRING_length(string));
}

static bool take(const TPM_KEY *key, bool wrapped, struct tpm_file *file, GError **error)
{
	char type[80];
	uint64_t parent = 0;

	OBJ_obj2txt(type, sizeof(type), key->type, 1);
	if (strcmp(type, wrapped ? OID_IMPORTABLE : OID_LOADABLE) != 0)
		return unsupported(error, wrapped ? "it is not one that a TPM can import"
						  : "it is not one that can be loaded as it is");
	if (key->policy || key->auth_policy || (key->secret && !wrapped))
		return unsupported(error, "it asks for a policy");
	if (wrapped && !key->secret)
		return damaged(error);
	if (!ASN1_INTEGER_get_uint64(&parent, key->parent) ||
	    (parent != TPM_PARENT_OWNER && parent != TPM_PARENT_SRK))
		return unsupported(error, "its parent is neither the owner's primary key nor the "
					  "storage root key");
	file->parent = (guint32)parent;
	file->empty_auth = key->empty_auth != ABSENT && key->empty_auth != 0;
	file->public = bytes_of(key->public);
	file->private = bytes_of(key->private);
	if (wrapped)
		file->seed = bytes_of(key->secret);
	return true;
}

static bool read_der(const unsigned char *der, long length, bool wrapped, struct tpm_file *file,
		     GError **error)
{
	const unsigned char *end = der;
	g_autoptr(TPM_KEY) key =
		(TPM_KEY *)ASN1_item_d2i(NULL, &end, length, ASN1_ITEM_rptr(TPM_KEY));

	if (!key || end != der + length)
		return damaged(error);
	return take(key, wrapped, file, error);
}

/* OpenSSL's to free; NULL: there is no such block. */
static unsigned char *read_pem(const char *label, const void *text, gsize length, long *der_length)
{
	BIO *bio = length <= TPM_FILE_MAX ? BIO_new_mem_buf(text, (int)length) : NULL;
	unsigned char *der = NULL;

	if (!bio || PEM_bytes_read_bio(&der, der_length, NULL, label, bio, NULL, NULL) <= 0)
		der = NULL;
	BIO_free(bio);
	ERR_clear_error();
	return der;
}

static bool read_text(const void *text, gsize length, bool wrapped, struct tpm_file *file,
		      GError **error)
{
	long der_length = 0;
	unsigned char *der = read_pem(PEM_LABEL, text, length, &der_length);
	bool good;

	*file = TPM_FILE_INIT;
	good = der ? read_der(der, der_length, wrapped, file, error) : damaged(error);
	OPENSSL_free(der);
	return good;
}

bool tpm_file_read(const void *text, gsize length, struct tpm_file *file, GError **error)
{
	return read_text(text, length, false, file, error);
}

bool tpm_file_read_duplicate(const void *text, gsize length, struct tpm_file *file, GError **error)
{
	return read_text(text, length, true, file, error);
}

bool tpm_file_read_wrapped(const void *der, gsize length, struct tpm_file *file, GError **error)
{
	*file = TPM_FILE_INIT;
	if (length > TPM_FILE_MAX)
		return damaged(error);
	if (!read_der(der, (long)length, true, file, error))
		return false;
	if (file->empty_auth)
		return true;
	tpm_file_clear(file);
	return unsupported(error, "it has an authorisation that isn't known here");
}

bool tpm_file_is_wrapped(const void *der, gsize length)
{
	struct der whole = { der, length }, body, type;

	return der_expect(&whole, DER_SEQUENCE, &body) && der_expect(&body, DER_OID, &type);
}

static bool put(ASN1_OCTET_STRING *string, GBytes *bytes)
{
	return ASN1_STRING_set(string, g_bytes_get_data(bytes, NULL),
			       (int)g_bytes_get_size(bytes)) == 1;
}

static GBytes *write_pem(const char *label, const unsigned char *der, int length)
{
	BIO *bio = BIO_new(BIO_s_mem());
	GBytes *pem = NULL;
	long text_length;
	char *text;

	if (bio && PEM_write_bio(bio, label, "", der, length) > 0) {
		text_length = BIO_get_mem_data(bio, &text);
		pem = g_bytes_new(text, (gsize)text_length);
	}
	BIO_free(bio);
	ERR_clear_error();
	return pem;
}

static bool fill(TPM_KEY *key, const struct tpm_file *file)
{
	ASN1_OBJECT_free(key->type);
	key->type = OBJ_txt2obj(file->seed ? OID_IMPORTABLE : OID_LOADABLE, 1);
	/* Readers of old take one that is absent for true: it is written, or the key has an
	 * authorisation. */
	key->empty_auth = file->empty_auth ? 0xff : ABSENT;
	key->secret = file->seed ? ASN1_OCTET_STRING_new() : NULL;
	return key->type && (!file->seed || (key->secret && put(key->secret, file->seed))) &&
	       ASN1_INTEGER_set_uint64(key->parent, file->parent) &&
	       put(key->public, file->public) && put(key->private, file->private);
}

GBytes *tpm_file_write(const struct tpm_file *file)
{
	g_autoptr(TPM_KEY) key = (TPM_KEY *)ASN1_item_new(ASN1_ITEM_rptr(TPM_KEY));
	unsigned char *der = NULL;
	GBytes *pem = NULL;
	int length = 0;

	if (key && fill(key, file))
		length = ASN1_item_i2d((ASN1_VALUE *)key, &der, ASN1_ITEM_rptr(TPM_KEY));
	if (length > 0)
		pem = write_pem(PEM_LABEL, der, length);
	OPENSSL_free(der);
	ERR_clear_error();
	return pem;
}

GBytes *tpm_file_read_public(const void *text, gsize length, GError **error)
{
	long pem_length = 0;
	unsigned char *pem = read_pem(PEM_PUBLIC, text, length, &pem_length);
	const guint8 *bytes = pem ? pem : text;
	gsize size = pem ? (gsize)pem_length : length;
	GBytes *public = NULL;

	/* It begins with its size. */
	if (size > 2 && size <= TPM_FILE_MAX && (gsize)(bytes[0] << 8 | bytes[1]) == size - 2)
	public = g_bytes_new(bytes, size);
	else devid_error_set(error, DEVID_BAD_DATA, NULL, NULL,
			     "storage key: this is no TPM's public area, or it is damaged");
	OPENSSL_free(pem);
	return public;
}

GBytes *tpm_file_write_public(GBytes *public)
{
	return write_pem(PEM_PUBLIC, g_bytes_get_data(public, NULL), (int)g_bytes_get_size(public));
}

void tpm_file_clear(struct tpm_file *file)
{
	g_clear_pointer(&file->public, g_bytes_unref);
	g_clear_pointer(&file->private, g_bytes_unref);
	g_clear_pointer(&file->seed, g_bytes_unref);
	*file = TPM_FILE_INIT;
}
