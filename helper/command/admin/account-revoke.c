/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid account revoke: a device certificate's serial number goes into the list that the account's
 * gateways read.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <internal/cleanup.h>
#include <devid/check.h>
#include <devid/event.h>
#include <devid/reason.h>
#include <internal/path.h>

#include "account/account-keys.h"
#include "account/certificate-list.h"
#include "account/check-path.h"
#include "account/revocation.h"
#include "account/revoke.h"
#include "base/certificate.h"
#include "base/error.h"
#include "base/input.h"
#include "base/json-build.h"
#include "base/trusted.h"
#include "command/cli/account.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "command/cli/table.h"
#include "identity/json.h"
#include "identity/verdict.h"
#include "keyfile/p12.h"
#include "account.h"
#include "by-root.h"
#include "ca-folder.h"

#define CERTIFICATE_FILE_MAX (256 * 1024)

static struct {
	struct account_choice account;
	char *config;
	gboolean json;
} options;

static const GOptionEntry entries[] = {
	ACCOUNT_OPTIONS(options.account),
	{ "config", 0, 0, G_OPTION_ARG_FILENAME, &options.config,
	  "In the account in this folder, as devid verify reads it", "DIR" },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print a JSON object", NULL },
	{ NULL },
};

struct revocation_job {
	const char *file;
	gnutls_x509_crt_t certificate;
	struct ca_folder folder;
	char *key_id;	 /* of its issuer; NULL: it can't be known */
	char *list;	 /* the path of the list of serial numbers */
	bool configured; /* account.conf named it already */
	bool changed;
};

static bool refuse(GError **error, enum devid_result result, const char *reason, const char *hint,
		   const char *file, const char *why)
{
	return devid_error_set(error, result, reason, hint, "%s: %s", file, why);
}

static bool import(struct revocation_job *job, GBytes *bytes, GError **error)
{
	AUTO_CERTIFICATE_LIST struct certificate_list list = CERTIFICATE_LIST_INIT;
	g_autoptr(GError) why = NULL;
	gsize length;
	const void *data = g_bytes_get_data(bytes, &length);

	if (length > 0 && p12_looks_like(data, length))
		return refuse(
			error, DEVID_UNSUPPORTED, NULL,
			"name its certificate: devid export LABEL, or openssl pkcs12 -nokeys "
			"-clcerts -in FILE.p12 -out FILE.crt",
			job->file,
			"it is a .p12; a certificate is revoked without its key and password");
	if (!certificate_list_read(data, length, &list, &why))
		return refuse(error, DEVID_BAD_DATA, NULL, NULL, job->file, why->message);
	if (list.ders->len > 1)
		return refuse(error, DEVID_BAD_DATA, "several-certificates",
			      "name a file with the device certificate alone", job->file,
			      "there are several certificates in it");
	if (list.ders->len == 0)
		return refuse(error, DEVID_BAD_DATA, NULL,
			      "name the device's certificate, as PEM or DER", job->file,
			      "there is no certificate in it that can be read");
	data = g_bytes_get_data(list.ders->pdata[0], &length);
	job->certificate = certificate_parse(data, length, &why);
	return job->certificate ||
	       refuse(error, DEVID_BAD_DATA, NULL, NULL, job->file, why->message);
}

static bool is_device(const struct revocation_job *job, const struct devid_account *account,
		      GError **error)
{
	if (!check_not_a_device(account, job->certificate))
		return true;
	return refuse(error, DEVID_UNSUPPORTED, "revoke-ca", NULL, job->file,
		      devid_reason_find("revoke-ca")->cause);
}

/* The folder that the list lies in: the account reads it from nowhere that others could write
 * to. */
static int open_list_folder(const struct revocation_job *job, GError **error)
{
	g_autofree char *path = g_path_get_dirname(job->list);
	const char *why = NULL;
	int fd = strcmp(path, job->folder.path) == 0
			 ? openat(job->folder.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
			 : trusted_open_folder(AT_FDCWD, path, geteuid(), false, &why);

	if (fd < 0)
		refuse(error, errno != 0 ? DEVID_IO : DEVID_DENIED, NULL, devid_errno_hint(errno),
		       path, why ? why : g_strerror(errno));
	return fd;
}

/* What is there; *bytes NULL where the file is not. */
static bool read_if_there(int folder, const char *file, const char *path, gsize limit,
			  GBytes **bytes, GError **error)
{
	g_autofree char *why = NULL;

	*bytes = NULL;
	if (faccessat(folder, file, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return true;
	*bytes = trusted_read(folder, file, geteuid(), limit, &why);
	return *bytes || refuse(error, DEVID_DENIED, NULL, NULL, path, why);
}

static bool write_list(struct revocation_job *job, GError **error)
{
	AUTO_CLOSE int folder = open_list_folder(job, error);
	g_autofree char *file = g_path_get_basename(job->list);
	g_autoptr(GBytes) old = NULL;
	g_autoptr(GBytes) text = NULL;
	const char *why;

	if (folder < 0 ||
	    !read_if_there(folder, file, job->list, REVOCATION_SERIALS_MAX, &old, error))
		return false;
	text = revoke_add_line(old, job->certificate, job->key_id, time(NULL), &job->changed, &why);
	if (!text)
		return refuse(error, DEVID_BAD_DATA, NULL, NULL, job->list, why);
	if (!job->changed && old)
		return true;
	return ca_folder_replace(folder, file, job->list, text, error);
}

/* After the list: an account never names a file that isn't there. */
static bool write_key(struct revocation_job *job, GError **error)
{
	g_autofree char *path = g_build_filename(job->folder.path, ACCOUNT_FILE, NULL);
	g_autoptr(GBytes) old = NULL;
	g_autoptr(GBytes) text = NULL;

	if (!read_if_there(job->folder.fd, ACCOUNT_FILE, path, ACCOUNT_FILE_MAX, &old, error))
		return false;
	text = revoke_add_key(old);
	if (!text)
		return refuse(error, DEVID_TOO_LARGE, NULL, NULL, path,
			      "with one key more it would be over its limit");
	job->changed = true;
	return ca_folder_replace(job->folder.fd, ACCOUNT_FILE, path, text, error);
}

static bool list_it(struct revocation_job *job, enum scope scope, GError **error)
{
	g_autoptr(GBytes) bytes = input_read(job->file, CERTIFICATE_FILE_MAX, error);
	const struct devid_account *account;
	const char *named;

	if (!bytes || !import(job, bytes, error) ||
	    !ca_folder_open_account(&job->folder, options.config, scope, error))
		return false;
	account = job->folder.account;
	if (!account_usable(account, error) || !is_device(job, account, error))
		return false;
	job->key_id = revoke_issuer_key_id(account, job->certificate);
	named = revoke_serials_file(account);
	job->configured = named != NULL;
	named = named ? named : REVOKE_FILE;
	job->list = g_path_is_absolute(named) ? g_strdup(named)
					      : g_build_filename(job->folder.path, named, NULL);
	/* It may stand in Serials= itself. */
	if (revoke_is_listed(account, job->certificate, job->key_id))
		return true;
	return write_list(job, error) && (job->configured || write_key(job, error));
}

/* What a gateway says from now on; the account is read again, as it will be. */
static struct devid_verdict *judge(struct revocation_job *job, GError **error)
{
	g_autoptr(devid_account) account = account_load(job->folder.path, false, error);
	struct devid_verdict *verdict = NULL;
	enum devid_result result;

	if (!account)
		return NULL;
	result = devid_check(account, &job->certificate, 1, time(NULL), &verdict);
	if (result != DEVID_OK)
		devid_error_set(error, result, NULL, NULL, "check: %s",
				devid_reason_for(result)->cause);
	return verdict;
}

static void tell(const struct revocation_job *job, const struct devid_verdict *verdict)
{
	g_autofree char *subject = certificate_subject(job->certificate);
	g_autofree char *issuer = certificate_issuer(job->certificate);
	g_autofree char *serial = certificate_serial(job->certificate);

	print_line(stdout, "%s: %s", subject, job->changed ? "revoked" : "revoked already");
	table_field("issuer", issuer);
	table_field("serial", serial);
	table_field("list", job->list);
	table_field("check", verdict->reason);
	if (job->changed && !job->configured)
		print_line(stdout, "  account.conf names the list from now on: SerialsFile=%s",
			   REVOKE_FILE);
	if (strcmp(verdict->reason, "revoked") != 0)
		report_warning("%s: this account would refuse it in any case: %s", job->file,
			       verdict->message);
	else if (job->changed)
		report_hint("it counts where this account is read: copy the list to each gateway");
}

static void tell_json(const struct revocation_job *job, const struct devid_verdict *verdict)
{
	g_autoptr(JsonBuilder) builder = json_begin();

	json_text(builder, "result", "ok");
	json_flag(builder, "changed", job->changed);
	json_text(builder, "path", job->list);
	json_text(builder, "check", verdict->reason);
	json_certificate(builder, job->certificate);
	report_builder(builder);
}

static void write_event(const struct revocation_job *job, enum scope scope)
{
	const struct devid_event event = {
		.type = DEVID_EVENT_DEVICE_CERTIFICATE,
		.sub_type = "Revocation",
		.action = "Succeeded",
		.reason = "revoked",
		.certificate = job->certificate,
		.issuer_key_id = job->key_id,
		.validated = -1,
	};

	/* A log that can't be written is told on syslog. */
	if (job->changed)
		(void)devid_event_write(scope == SCOPE_SYSTEM, &event);
}

/* The file is read here; root gets the certificate in it. */
static enum exit_status revoke_by_root(struct revocation_job *job, struct by_root *by_root,
				       GError **error)
{
	g_autoptr(GBytes) bytes = input_read(job->file, CERTIFICATE_FILE_MAX, error);
	AUTO_SECRET struct secret pem = SECRET_INIT;
	gnutls_datum_t text = { NULL, 0 };

	if (!bytes || !import(job, bytes, error))
		return EXIT_FAILED;
	if (gnutls_x509_crt_export2(job->certificate, GNUTLS_X509_FMT_PEM, &text) < 0 ||
	    secret_append(&pem, text.data, text.size) != DEVID_OK)
		refuse(error, DEVID_BAD_DATA, NULL, NULL, job->file, "it can't be written as PEM");
	gnutls_free(text.data);
	by_root_flag(by_root, "json", options.json);
	return *error ? EXIT_FAILED : by_root_run(by_root, "account revoke", &pem, error);
}

static void revocation_job_clear(struct revocation_job *job)
{
	if (job->certificate)
		gnutls_x509_crt_deinit(job->certificate);
	ca_folder_clear(&job->folder);
	g_free(job->list);
	g_free(job->key_id);
}

static enum exit_status run(char **operands, GError **error)
{
	AUTO_BY_ROOT struct by_root *by_root = options.account.system ? by_root_open() : NULL;
	struct revocation_job job = { .file = operands[0], .folder = CA_FOLDER_INIT };
	g_autoptr(devid_verdict) verdict = NULL;
	enum scope scope;

	if (!ca_folder_scope(&options.account, "account revoke", &scope))
		return EXIT_WORDS;
	if (options.config && (options.account.user || options.account.system))
		return report_usage("account revoke", "--config goes without --user and --system");
	if (by_root) {
		enum exit_status status = revoke_by_root(&job, by_root, error);

		revocation_job_clear(&job);
		return status;
	}
	if (list_it(&job, scope, error)) {
		write_event(&job, scope);
		verdict = judge(&job, error);
	}
	if (verdict && options.json)
		tell_json(&job, verdict);
	else if (verdict)
		tell(&job, verdict);
	revocation_job_clear(&job);
	return EXIT_DONE;
}

const struct command account_revoke = {
	.name = "revoke",
	.arguments = "FILE|-",
	.summary = "Revoke a device certificate",
	.about = "Revoke a device certificate (PEM or DER) where this account is read: its serial "
		 "number and its issuer's key identifier go into the account's SerialsFile=, which "
		 "is made where there is none. Other people's gateways hear nothing of it.",
	.entries = entries,
	.operands = { 1, 1, "a file is missing (- for standard input)" },
	.run = run,
};
