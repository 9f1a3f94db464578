/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid ca add: one more signing certificate. */
#include <string.h>
#include <internal/path.h>

#include "account/signing.h"
#include "base/certificate.h"
#include "base/error.h"
#include "base/input.h"
#include "base/json-build.h"
#include "base/moment.h"
#include "command/cli/account.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "identity/json.h"
#include "keyfile/p12.h"
#include "by-root.h"
#include "ca-folder.h"
#include "ca.h"

#define CA_FILE_MAX (1024 * 1024)

static struct {
	struct account_choice account;
	char *name;
	gboolean json;
} options;

static const GOptionEntry entries[] = {
	{ "name", 0, 0, G_OPTION_ARG_STRING, &options.name,
	  "What to call it: letters, digits, '.', '-', '_'", "NAME" },
	ACCOUNT_OPTIONS(options.account),
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print a JSON object", NULL },
	{ NULL },
};

struct addition {
	const char *name, *file;
	GBytes *bytes; /* as they will be stored: PEM */
	struct signing_file read;
};

static void addition_clear(struct addition *addition)
{
	if (addition->bytes)
		g_bytes_unref(addition->bytes);
	if (addition->read.certificate)
		gnutls_x509_crt_deinit(addition->read.certificate);
}
#define AUTO_ADDITION __attribute__((cleanup(addition_clear)))

/* What came as PEM is kept as it is, for its size is what counts; what came in another dress, or
 * with blanks that other programs stumble over, becomes PEM.
 */
static bool keep_as_pem(struct addition *addition, GError **error)
{
	gnutls_datum_t pem = { NULL, 0 };
	int code;

	if (addition->read.as_given)
		return true;
	code = gnutls_x509_crt_export2(addition->read.certificate, GNUTLS_X509_FMT_PEM, &pem);
	if (code < 0)
		return devid_error_set(error, DEVID_BAD_DATA, NULL, NULL, "%s: %s", addition->file,
				       gnutls_strerror(code));
	g_bytes_unref(addition->bytes);
	addition->bytes = g_bytes_new(pem.data, pem.size);
	gnutls_free(pem.data);
	return true;
}

static bool read_file(struct addition *addition, const struct devid_account *account,
		      GError **error)
{
	gsize length;
	const void *data;

	addition->bytes = input_read(addition->file, CA_FILE_MAX, error);
	if (!addition->bytes)
		return false;
	data = g_bytes_get_data(addition->bytes, &length);
	if (length > 0 && p12_looks_like(data, length))
		return devid_error_set(
			error, DEVID_UNSUPPORTED, NULL,
			"take the CA's certificate out of it: openssl pkcs12 -nokeys -cacerts "
			"-in FILE.p12 -out FILE.pem",
			"%s: it is a .p12, which is a device's", addition->file);
	if (!signing_read(data, length, devid_account_signing_limit(account),
			  devid_account_signing_keys(account), &addition->read, error)) {
		g_prefix_error(error, "%s: ", addition->file);
		return false;
	}
	return keep_as_pem(addition, error);
}

/* true with *same: this very certificate bears this very name already. */
static bool may_add(const struct addition *addition, const struct devid_account *account,
		    bool *same, GError **error)
{
	size_t limit = devid_account_signing_count_limit(account);

	*same = false;
	if (!account_usable(account, error))
		return false;
	for (size_t i = 0; i < devid_account_signing_count(account); i++) {
		const struct devid_signing *signing = devid_account_signing(account, i);
		bool same_name = strcmp(signing->name, addition->name) == 0;

		if (gnutls_x509_crt_equals(signing->certificate, addition->read.certificate)) {
			*same = same_name;
			if (!same_name)
				devid_error_set(error, DEVID_EXISTS, "signing-duplicate", NULL,
						"%s: this certificate is already there as %s",
						addition->file, signing->name);
			return same_name;
		}
		if (same_name)
			return devid_error_set(
				error, DEVID_EXISTS, NULL,
				"choose another name, or first: devid ca remove NAME",
				"%s: another certificate has this name", addition->name);
	}
	if (devid_account_signing_count(account) < limit)
		return true;
	return devid_error_set(
		error, DEVID_TOO_LARGE, "signing-too-many", NULL,
		"there are %zu signing certificates, and no more than %zu are allowed",
		devid_account_signing_count(account), limit);
}

/* An account that is to be carried to a service that takes less is better held to it from the
 * start. */
static void warn_of_key(const struct addition *addition, const struct devid_account *account)
{
	g_autofree char *key = certificate_key(addition->read.certificate);

	if (gnutls_x509_crt_get_pk_algorithm(addition->read.certificate, NULL) == GNUTLS_PK_RSA ||
	    devid_account_signing_keys(account) == DEVID_SIGNING_KEYS_RSA)
		return;
	report_warning("%s: its key is %s; there are services that take signing certificates with "
		       "RSA keys alone",
		       addition->name, key);
	report_hint("SigningKeyTypes=rsa in account.conf holds the account to RSA; see "
		    "devid-account(5)");
}

static void tell(const struct addition *addition, const struct ca_folder *folder, bool changed)
{
	g_autofree char *subject = certificate_subject(addition->read.certificate);
	g_autofree char *path =
		g_strdup_printf("%s/%s%s", folder->path, addition->name, SIGNING_SUFFIX);
	size_t limit = devid_account_signing_limit(folder->account);
	time_t ends = gnutls_x509_crt_get_expiration_time(addition->read.certificate);

	if (options.json) {
		g_autoptr(JsonBuilder) builder = json_begin();

		json_text(builder, "result", "ok");
		json_flag(builder, "changed", changed);
		json_text(builder, "name", addition->name);
		json_text(builder, "path", path);
		json_number(builder, "file_size", (gint64)addition->read.pem_size);
		json_number(builder, "file_limit", (gint64)limit);
		json_certificate(builder, addition->read.certificate);
		report_builder(builder);
	} else {
		print_line(stdout, "%s: %s: %s (%zu of at most %zu bytes)", addition->name,
			   changed ? "added" : "already there", subject, addition->read.pem_size,
			   limit);
	}
	warn_of_key(addition, folder->account);
	if (gnutls_x509_crt_get_activation_time(addition->read.certificate) > time(NULL))
		report_warning("%s: it is not valid yet, and serves nobody until it is",
			       addition->name);
	if (moment_days_left(ends, time(NULL)) < 0)
		report_warning("%s: it has expired; certificates that it issued before its end are "
			       "still accepted",
			       addition->name);
}

static bool add(struct addition *addition, enum scope scope, GError **error)
{
	AUTO_CA_FOLDER struct ca_folder folder = CA_FOLDER_INIT;
	g_autofree char *file = g_strconcat(addition->name, SIGNING_SUFFIX, NULL);
	g_autoptr(devid_account) account = account_load(NULL, scope == SCOPE_SYSTEM, error);
	bool same;

	/* The file is judged before a folder is made for it. */
	if (!account || !read_file(addition, account, error) ||
	    !ca_folder_open(&folder, scope, true, error) ||
	    !may_add(addition, folder.account, &same, error))
		return false;
	if (!same && !ca_folder_write(&folder, file, addition->bytes, error))
		return false;
	tell(addition, &folder, !same);
	return true;
}

/* The file is read and judged here; root gets the certificate in it. */
static enum exit_status add_by_root(struct addition *addition, struct by_root *by_root,
				    GError **error)
{
	g_autoptr(devid_account) account = account_load(NULL, true, error);
	AUTO_SECRET struct secret pem = SECRET_INIT;
	gsize length;
	const void *data;

	if (!account || !read_file(addition, account, error))
		return EXIT_FAILED;
	data = g_bytes_get_data(addition->bytes, &length);
	if (secret_append(&pem, data, length) != DEVID_OK)
		return EXIT_FAILED;
	by_root_option(by_root, "name", addition->name);
	by_root_flag(by_root, "json", options.json);
	return by_root_run(by_root, "ca add", &pem, error);
}

static enum exit_status run(char **operands, GError **error)
{
	AUTO_ADDITION struct addition addition = { .name = options.name, .file = operands[0] };
	AUTO_BY_ROOT struct by_root *by_root = options.account.system ? by_root_open() : NULL;
	enum scope scope;

	if (!options.name)
		return report_usage("ca add", "--name NAME is missing");
	if (!ca_folder_scope(&options.account, "ca add", &scope))
		return EXIT_WORDS;
	if (!signing_name_valid(options.name) || options.name[0] == '-')
		return report_usage(
			"ca add",
			"--name %s: at most 64 letters, digits, '.', '-' and '_', and no "
			"'.' or '-' in front",
			options.name);
	if (by_root)
		return add_by_root(&addition, by_root, error);
	return add(&addition, scope, error) ? EXIT_DONE : EXIT_FAILED;
}

const struct command ca_add = {
	.name = "add",
	.arguments = "--name NAME FILE|-",
	.summary = "Add a signing certificate",
	.about = "Add a signing certificate to the account: the certificate of the CA that issues "
		 "device certificates, alone in its file: PEM, DER or PKCS#7 (.p7b).",
	.entries = entries,
	.operands = { 1, 1, "a file is missing" },
	.run = run,
};
