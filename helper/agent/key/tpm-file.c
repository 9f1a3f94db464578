/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file of a TPM key: see tpm-file.h. */
#include <string.h>
#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include "base/error.h"
#include "tpm-file.h"

#define PEM_LABEL    "TSS2 PRIVATE KEY"
#define OID_LOADABLE "2.23.133.10.1.3"

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

static bool take(const TPM_KEY *key, struct tpm_file *file, GError **error)
{
	char type[80];
	uint64_t parent = 0;

	OBJ_obj2txt(type, sizeof(type), key->type, 1);
	if (strcmp(type, OID_LOADABLE) != 0)
		return unsupported(error, "it is not one that can be loaded as it is");
	if (key->policy || key->auth_policy || key->secret)
		return unsupported(error, "it asks for a policy");
	if (!ASN1_INTEGER_get_uint64(&parent, key->parent) ||
	    (parent != TPM_PARENT_OWNER && parent != TPM_PARENT_SRK))
		return unsupported(error, "its parent is neither the owner's primary key nor the "
					  "storage root key");
	file->parent = (guint32)parent;
	file->empty_auth = key->empty_auth != ABSENT && key->empty_auth != 0;
	file->public = bytes_of(key->public);
	file->private = bytes_of(key->private);
	return true;
}

bool tpm_file_read(const void *text, gsize length, struct tpm_file *file, GError **error)
{
	BIO *bio = BIO_new_mem_buf(text, (int)MIN(length, TPM_FILE_MAX));
	g_autoptr(TPM_KEY) key = NULL;
	const unsigned char *end;
	unsigned char *der = NULL;
	long der_length = 0;

	*file = TPM_FILE_INIT;
	if (bio && length <= TPM_FILE_MAX &&
	    PEM_bytes_read_bio(&der, &der_length, NULL, PEM_LABEL, bio, NULL, NULL) > 0) {
		end = der;
		key = (TPM_KEY *)ASN1_item_d2i(NULL, &end, der_length, ASN1_ITEM_rptr(TPM_KEY));
		if (key && end != der + der_length)
			g_clear_pointer(&key, tpm_key_free);
	}
	OPENSSL_free(der);
	BIO_free(bio);
	return key ? take(key, file, error) : damaged(error);
}

static bool put(ASN1_OCTET_STRING *string, GBytes *bytes)
{
	return ASN1_STRING_set(string, g_bytes_get_data(bytes, NULL),
			       (int)g_bytes_get_size(bytes)) == 1;
}

GBytes *tpm_file_write(const struct tpm_file *file)
{
	g_autoptr(TPM_KEY) key = (TPM_KEY *)ASN1_item_new(ASN1_ITEM_rptr(TPM_KEY));
	BIO *bio = BIO_new(BIO_s_mem());
	unsigned char *der = NULL;
	GBytes *pem = NULL;
	int length = 0;
	char *text;

	if (key && bio) {
		ASN1_OBJECT_free(key->type);
		key->type = OBJ_txt2obj(OID_LOADABLE, 1);
		/* Readers of old take one that is absent for true: it is written, or the key has an
		 * authorisation. */
		key->empty_auth = file->empty_auth ? 0xff : ABSENT;
		if (key->type && ASN1_INTEGER_set_uint64(key->parent, file->parent) &&
		    put(key->public, file->public) && put(key->private, file->private))
			length = ASN1_item_i2d((ASN1_VALUE *)key, &der, ASN1_ITEM_rptr(TPM_KEY));
	}
	if (length > 0 && PEM_write_bio(bio, PEM_LABEL, "", der, length) > 0) {
		length = (int)BIO_get_mem_data(bio, &text);
		pem = g_bytes_new(text, (gsize)length);
	}
	OPENSSL_free(der);
	BIO_free(bio);
	ERR_clear_error();
	return pem;
}

void tpm_file_clear(struct tpm_file *file)
{
	g_clear_pointer(&file->public, g_bytes_unref);
	g_clear_pointer(&file->private, g_bytes_unref);
	*file = TPM_FILE_INIT;
}
