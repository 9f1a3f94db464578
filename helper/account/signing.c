/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signing certificates: the files `signing/NAME.pem`, one CA certificate each. */
#include <errno.h>
#include <string.h>
#include <devid/check.h>
#include <devid/limits.h>
#include <devid/reason.h>
#include <internal/cleanup.h>
#include "base/certificate.h"
#include "base/error.h"
#include "base/folder.h"
#include "base/trusted.h"
#include "account-private.h"
#include "account.h"
#include "certificate-fact.h"
#include "certificate-list.h"
#include "signing.h"

/* The most that is read of a file; what is over the account's limit is told with its true size. */
#define FILE_MAX       (1024 * 1024)
#define NAME_MAX_BYTES 64

gboolean signing_name_valid(const char *name)
{
	gsize length = strlen(name);

	if (!length || length > NAME_MAX_BYTES || *name == '.' || !folder_name_printable(name))
		return FALSE;
	for (; *name; name++)
		if ((unsigned char)*name < 0x80 && !g_ascii_isalnum(*name) && !strchr(".-_", *name))
			return FALSE;
	return TRUE;
}

static gboolean judge(gnutls_x509_crt_t certificate, enum devid_signing_keys keys, GError **error)
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
	return TRUE;
}

/* The only certificate of the list, and no private key beside it. */
static gboolean take_one(const struct certificate_list *list, gnutls_x509_crt_t *certificate,
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

gboolean signing_read(const void *data, gsize length, gsize limit, enum devid_signing_keys keys,
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
			return TRUE;
		devid_error_set(error, DEVID_TOO_LARGE, "signing-too-large", NULL,
				"%zu bytes%s, over the limit of %zu", file->pem_size,
				list.pem ? "" : " as PEM", limit);
	}
	g_clear_pointer(&file->certificate, gnutls_x509_crt_deinit);
	return FALSE;
}

gboolean signing_present(int dirfd)
{
	return folder_holds(dirfd, SIGNING_FOLDER, SIGNING_SUFFIX);
}

static gboolean is_duplicate(const struct devid_account *account, gnutls_x509_crt_t certificate,
			     const char **of)
{
	for (guint i = 0; i < account->signing->len; i++) {
		const struct devid_signing *other = account->signing->pdata[i];

		if (gnutls_x509_crt_equals(certificate, other->certificate)) {
			*of = other->name;
			return TRUE;
		}
	}
	return FALSE;
}

static gboolean load_one(struct devid_account *account, int folder, const char *file)
{
	g_autofree char *path = g_build_filename(account->folder, SIGNING_FOLDER, file, NULL);
	g_autofree char *why = NULL;
	g_autoptr(GBytes) bytes = trusted_read(folder, file, account->owner, FILE_MAX, &why);
	g_autoptr(GError) error = NULL;
	struct devid_signing *signing;
	struct signing_file read;
	const char *of = NULL;

	if (bytes && !folder_name_printable(file))
		why = g_strdup("its name holds a character that can't be shown");
	if (why)
		return account_broken(account, "%s: %s", path, why);
	if (!signing_read(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes),
			  account->signing_limit, account->signing_keys, &read, &error))
		return account_broken(account, "%s: %s", path, error->message);
	if (is_duplicate(account, read.certificate, &of)) {
		account_broken(account, "%s: it is the same certificate as %s", path, of);
		gnutls_x509_crt_deinit(read.certificate);
		return FALSE;
	}
	signing = g_new0(struct devid_signing, 1);
	signing->name = g_strndup(file, strlen(file) - strlen(SIGNING_SUFFIX));
	signing->path = g_steal_pointer(&path);
	signing->certificate = read.certificate;
	signing->pem_size = read.pem_size;
	signing->subject = devid_subject_to_string(read.certificate);
	signing->key_id = certificate_key_id(read.certificate);
	g_ptr_array_add(account->signing, signing);
	return TRUE;
}

gboolean signing_load(struct devid_account *account)
{
	AUTO_CLOSE int folder = -1;
	g_autoptr(GPtrArray) names = NULL;
	const char *why;

	folder = trusted_open_folder(account->dirfd, SIGNING_FOLDER, account->owner, FALSE, &why);
	if (folder < 0 && errno == ENOENT)
		return TRUE;
	names = folder >= 0 ? folder_list(folder, SIGNING_SUFFIX) : NULL;
	if (!names)
		return account_broken(account, "%s/%s: %s", account->folder, SIGNING_FOLDER,
				      why		 ? why
				      : errno == ENOTDIR ? "it is a link or no folder"
							 : g_strerror(errno));
	if (names->len > account->signing_count_limit)
		return account_broken(
			account, "%s/%s: %u signing certificates, over the limit of %zu",
			account->folder, SIGNING_FOLDER, names->len, account->signing_count_limit);
	for (guint i = 0; i < names->len; i++)
		if (!load_one(account, folder, names->pdata[i]))
			return FALSE;
	return TRUE;
}

void signing_forget(struct devid_account *account, const char *name)
{
	for (guint i = 0; i < account->signing->len; i++)
		if (strcmp(((struct devid_signing *)account->signing->pdata[i])->name, name) == 0) {
			g_ptr_array_remove_index(account->signing, i);
			return;
		}
}
