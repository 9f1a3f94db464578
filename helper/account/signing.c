/* Signing certificates: the files `signing/NAME.pem`, one CA certificate each. */
#include <errno.h>
#include <string.h>
#include <gnutls/abstract.h>
#include <devid/check.h>
#include <devid/limits.h>
#include <devid/reason.h>
#include <internal/cleanup.h>
#include "account-private.h"
#include "check-path.h"
#include "error.h"
#include "folder.h"
#include "signing.h"
#include "trusted.h"

/* The most that is read of a file; what is over the account's limit is told with its true size. */
#define FILE_MAX       (1024 * 1024)
#define NAME_MAX_BYTES 64

#define PEM_BEGIN "-----BEGIN "

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

/* Certificates and private keys among the PEM blocks of a file. */
static void count_blocks(const char *text, gsize length, unsigned *certificates, unsigned *keys)
{
	const char *end = text + length;
	const char *at = text;

	*certificates = *keys = 0;
	while ((at = g_strstr_len(at, end - at, PEM_BEGIN))) {
		const char *label = at + strlen(PEM_BEGIN);
		const char *stop = g_strstr_len(label, end - label, "-----");
		g_autofree char *words = g_strndup(label, (stop ? stop : end) - label);

		if (g_str_has_suffix(words, "CERTIFICATE"))
			++*certificates;
		else if (g_str_has_suffix(words, "PRIVATE KEY"))
			++*keys;
		at = label;
	}
}

static gboolean is_private_key(const gnutls_datum_t *bytes)
{
	gnutls_x509_privkey_t key = NULL;
	gboolean is_key = FALSE;

	if (gnutls_x509_privkey_init(&key) < 0)
		return FALSE;
	is_key = gnutls_x509_privkey_import(key, bytes, GNUTLS_X509_FMT_DER) >= 0 ||
		 gnutls_x509_privkey_import_pkcs8(key, bytes, GNUTLS_X509_FMT_DER, NULL,
						  GNUTLS_PKCS_PLAIN) >= 0;
	gnutls_x509_privkey_deinit(key);
	return is_key;
}

static gboolean parse(const gnutls_datum_t *bytes, gnutls_x509_crt_fmt_t format,
		      gnutls_x509_crt_t *certificate, GError **error)
{
	int result = gnutls_x509_crt_init(certificate);

	if (result >= 0)
		result = gnutls_x509_crt_import(*certificate, bytes, format);
	if (result < 0) {
		devid_error_set(error, DEVID_BAD_DATA, NULL, NULL,
				"there is no certificate in it that can be read: %s",
				gnutls_strerror(result));
		return FALSE;
	}
	return TRUE;
}

static gboolean judge(gnutls_x509_crt_t certificate, enum devid_signing_keys keys, GError **error)
{
	int algorithm = gnutls_x509_crt_get_pk_algorithm(certificate, NULL);

	if (!check_is_ca(certificate)) {
		devid_error_set(error, DEVID_BAD_DATA, "signing-not-ca", NULL,
				"it is not a CA certificate: its basic constraints or key usage do "
				"not let it issue certificates");
		return FALSE;
	}
	if (check_key_weak(certificate)) {
		devid_error_set(error, DEVID_BAD_DATA, "signing-weak-key", NULL,
				"the CA's key is shorter than 2048 bits (RSA) or 224 bits (EC)");
		return FALSE;
	}
	if (keys == DEVID_SIGNING_KEYS_RSA && algorithm != GNUTLS_PK_RSA) {
		devid_error_set(error, DEVID_UNSUPPORTED, "signing-key-type", NULL,
				"the CA's key is %s, and the account takes RSA alone",
				algorithm < 0 ? "unknown" : gnutls_pk_get_name(algorithm));
		return FALSE;
	}
	return TRUE;
}

static gboolean contents_sound(const gnutls_datum_t *bytes, gboolean pem, GError **error)
{
	unsigned certificates = 1, keys = 0;

	if (pem)
		count_blocks((const char *)bytes->data, bytes->size, &certificates, &keys);
	else
		keys = is_private_key(bytes);
	if (keys)
		devid_error_set(error, DEVID_BAD_DATA, "private-key-inside", NULL, "%s",
				devid_reason_find("private-key-inside")->cause);
	else if (certificates > 1)
		devid_error_set(error, DEVID_BAD_DATA, "several-certificates", NULL,
				"there are %u certificates in the file", certificates);
	else
		return TRUE;
	return FALSE;
}

gboolean signing_read(const void *data, gsize length, gsize limit, enum devid_signing_keys keys,
		      gnutls_x509_crt_t *certificate, gsize *pem_size, GError **error)
{
	gnutls_datum_t bytes = { (unsigned char *)data, (unsigned)length };
	gboolean pem = length && g_strstr_len(data, length, PEM_BEGIN) != NULL;

	*certificate = NULL;
	*pem_size = pem ? length : devid_pem_size(length);
	if (length > FILE_MAX) {
		devid_error_set(error, DEVID_TOO_LARGE, "signing-too-large", NULL,
				"%zu bytes, over the limit of %zu", length, limit);
		return FALSE;
	}
	if (contents_sound(&bytes, pem, error) &&
	    parse(&bytes, pem ? GNUTLS_X509_FMT_PEM : GNUTLS_X509_FMT_DER, certificate, error) &&
	    judge(*certificate, keys, error)) {
		if (*pem_size <= limit)
			return TRUE;
		devid_error_set(error, DEVID_TOO_LARGE, "signing-too-large", NULL,
				"%zu bytes%s, over the limit of %zu", *pem_size,
				pem ? "" : " as PEM", limit);
	}
	if (*certificate)
		gnutls_x509_crt_deinit(*certificate);
	*certificate = NULL;
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
	gnutls_x509_crt_t certificate;
	const char *of = NULL;
	gsize size = 0;

	if (bytes && !folder_name_printable(file))
		why = g_strdup("its name holds a character that can't be shown");
	if (why) {
		account_broken(account, "%s: %s", path, why);
		return FALSE;
	}
	if (!signing_read(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes),
			  account->signing_limit, account->signing_keys, &certificate, &size,
			  &error)) {
		account_broken(account, "%s: %s", path, error->message);
		return FALSE;
	}
	if (is_duplicate(account, certificate, &of)) {
		account_broken(account, "%s: it is the same certificate as %s", path, of);
		gnutls_x509_crt_deinit(certificate);
		return FALSE;
	}
	signing = g_new0(struct devid_signing, 1);
	signing->name = g_strndup(file, strlen(file) - strlen(SIGNING_SUFFIX));
	signing->path = g_steal_pointer(&path);
	signing->certificate = certificate;
	signing->pem_size = size;
	signing->subject = devid_subject_to_string(certificate);
	signing->key_id = check_key_id(certificate);
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
	if (!names) {
		account_broken(account, "%s/%s: %s", account->folder, SIGNING_FOLDER,
			       why		  ? why
			       : errno == ENOTDIR ? "it is a link or no folder"
						  : g_strerror(errno));
		return FALSE;
	}
	if (names->len > account->signing_count_limit) {
		account_broken(account, "%s/%s: %u signing certificates, over the limit of %zu",
			       account->folder, SIGNING_FOLDER, names->len,
			       account->signing_count_limit);
		return FALSE;
	}
	for (guint i = 0; i < names->len; i++)
		if (!load_one(account, folder, names->pdata[i]))
			return FALSE;
	return TRUE;
}
