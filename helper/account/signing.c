/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signing certificates: the files `signing/NAME.pem`, one CA certificate each. */
#include <string.h>
#include <devid/check.h>
#include <devid/limits.h>
#include <devid/reason.h>
#include "base/certificate.h"
#include "base/error.h"
#include "base/folder.h"
#include "account-private.h"
#include "account.h"
#include "certificate-fact.h"
#include "certificate-list.h"
#include "signing.h"

/* The most that is read of a file; what is over the account's limit is told with its true size. */
#define FILE_MAX       (1024 * 1024)
#define NAME_MAX_BYTES 64

bool signing_name_valid(const char *name)
{
	gsize length = strlen(name);

	if (!length || length > NAME_MAX_BYTES || *name == '.' || !folder_name_printable(name))
		return false;
	for (; *name; name++)
		if ((unsigned char)*name < 0x80 && !g_ascii_isalnum(*name) && !strchr(".-_", *name))
			return false;
	return true;
}

static bool judge(gnutls_x509_crt_t certificate, enum devid_signing_keys keys, GError **error)
{
	int algorithm = gnutls_x509_crt_get_pk_algorithm(certificate, NULL);

	if (!certificate_is_ca(certificate))
		return devid_error_set(
			error, DEVID_BAD_DATA, "signing-not-ca", NULL,
			"it is not a CA certificate: its basic constraints or key usage do "
			"not let it issue certificates");
	if (certificate_key_weak(certificate))
		return devid_error_set(
			error, DEVID_BAD_DATA, "signing-weak-key", NULL,
			"the CA's key is shorter than 2048 bits (RSA) or 224 bits (EC)");
	if (keys == DEVID_SIGNING_KEYS_RSA && algorithm != GNUTLS_PK_RSA)
		return devid_error_set(error, DEVID_UNSUPPORTED, "signing-key-type", NULL,
				       "the CA's key is %s, and the account takes RSA alone",
				       algorithm < 0 ? "unknown" : gnutls_pk_get_name(algorithm));
	return true;
}

/* The only certificate of the list, and no private key beside it. */
static bool take_one(const struct certificate_list *list, gnutls_x509_crt_t *certificate,
		     GError **error)
{
	GBytes *der;

	if (list->keys)
		return devid_error_set(error, DEVID_BAD_DATA, "private-key-inside", NULL, "%s",
				       devid_reason_find("private-key-inside")->cause);
	if (list->ders->len > 1)
		return devid_error_set(error, DEVID_BAD_DATA, "several-certificates", NULL,
				       "there are %u certificates in the file", list->ders->len);
	if (!list->ders->len)
		return devid_error_set(error, DEVID_BAD_DATA, NULL,
				       "name the file of the CA's certificate, as PEM or DER",
				       "there is no certificate in it that can be read");
	der = list->ders->pdata[0];
	*certificate = certificate_parse(g_bytes_get_data(der, NULL), g_bytes_get_size(der), error);
	return *certificate != NULL;
}

bool signing_read(const void *data, gsize length, gsize limit, enum devid_signing_keys keys,
		  struct signing_file *file, GError **error)
{
	AUTO_CERTIFICATE_LIST struct certificate_list list = CERTIFICATE_LIST_INIT;

	*file = (struct signing_file){ 0 };
	if (length > FILE_MAX)
		return devid_error_set(error, DEVID_TOO_LARGE, "signing-too-large", NULL,
				       "%zu bytes, over the limit of %zu", length, limit);
	if (certificate_list_read(data, length, &list, error) &&
	    take_one(&list, &file->certificate, error) && judge(file->certificate, keys, error)) {
		file->as_given = list.plain_pem;
		file->pem_size =
			list.pem ? length : devid_pem_size(g_bytes_get_size(list.ders->pdata[0]));
		if (file->pem_size <= limit)
			return true;
		devid_error_set(error, DEVID_TOO_LARGE, "signing-too-large", NULL,
				"%zu bytes%s, over the limit of %zu", file->pem_size,
				list.pem ? "" : " as PEM", limit);
	}
	g_clear_pointer(&file->certificate, gnutls_x509_crt_deinit);
	return false;
}

static bool is_duplicate(const struct devid_account *account, gnutls_x509_crt_t certificate,
			 const char **of)
{
	for (guint i = 0; i < account->signing->len; i++) {
		const struct devid_signing *other = account->signing->pdata[i];

		if (gnutls_x509_crt_equals(certificate, other->certificate)) {
			*of = other->name;
			return true;
		}
	}
	return false;
}

static bool load_one(struct devid_account *account, const char *path, GBytes *bytes, void *data)
{
	g_autofree char *file = g_path_get_basename(path);
	g_autoptr(GError) error = NULL;
	struct devid_signing *signing;
	struct signing_file read;
	const char *of = NULL;

	if (!signing_read(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes),
			  account->signing_limit, account->signing_keys, &read, &error))
		return account_broken(account, "%s: %s", path, error->message);
	if (is_duplicate(account, read.certificate, &of)) {
		account_broken(account, "%s: it is the same certificate as %s", path, of);
		gnutls_x509_crt_deinit(read.certificate);
		return false;
	}
	signing = g_new0(struct devid_signing, 1);
	signing->name = g_strndup(file, strlen(file) - strlen(SIGNING_SUFFIX));
	signing->path = g_strdup(path);
	signing->certificate = read.certificate;
	signing->pem_size = read.pem_size;
	signing->subject = devid_subject_to_string(read.certificate);
	signing->key_id = certificate_key_id(read.certificate);
	g_ptr_array_add(account->signing, signing);
	return true;
}

bool signing_load(struct devid_account *account)
{
	const struct account_files files = {
		SIGNING_FOLDER,
		SIGNING_SUFFIX,
		"signing certificates",
		account->signing_count_limit,
		FILE_MAX,
		load_one,
	};

	return account_read_files(account, &files, NULL);
}

void signing_forget(struct devid_account *account, const char *name)
{
	for (guint i = 0; i < account->signing->len; i++)
		if (strcmp(((struct devid_signing *)account->signing->pdata[i])->name, name) == 0) {
			g_ptr_array_remove_index(account->signing, i);
			return;
		}
}
