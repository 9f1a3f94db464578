/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid ca remove: takes a signing certificate out, once who asks knows which identities hang on
 * it. */
#include <fcntl.h>
#include <sys/stat.h>
#include <devid/check.h>
#include <internal/path.h>

#include "account/certificate-list.h"
#include "account/check-path.h"
#include "account/signing.h"
#include "base/error.h"
#include "base/input.h"
#include "base/json-build.h"
#include "command/cli/account.h"
#include "command/cli/ask.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "identity/list.h"
#include "identity/verdict.h"
#include "by-root.h"
#include "ca-folder.h"
#include "ca.h"

#define CA_FILE_MAX (1024 * 1024)

static struct {
	struct account_choice account;
	gboolean yes, json;
} options;

static const GOptionEntry entries[] = {
	ACCOUNT_OPTIONS(options.account),
	{ "yes", 'y', 0, G_OPTION_ARG_NONE, &options.yes, "Don't ask", NULL },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print a JSON object", NULL },
	{ NULL },
};

struct removal {
	const char *name;
	char *file;
	GPtrArray *issued;  /* labels of what was issued by it, directly or over the identity's own
			       chain */
	GPtrArray *stopped; /* labels of what is accepted now and would not be without it */
	bool last;	    /* … and nothing on this computer would be accepted any more */
};

static void removal_clear(struct removal *removal)
{
	g_free(removal->file);
	g_ptr_array_unref(removal->issued);
	g_ptr_array_unref(removal->stopped);
}
#define AUTO_REMOVAL __attribute__((cleanup(removal_clear)))

static bool hangs_on(const struct identity *identity, gnutls_x509_crt_t signing)
{
	for (size_t i = 0; i < identity->chain_count; i++)
		if (check_link(identity->chain[i], signing) == CHECK_LINK_FITS)
			return true;
	return false;
}

static bool is_accepted(const struct devid_account *account, const struct identity *identity)
{
	g_autoptr(devid_verdict) verdict = NULL;

	return identity->chain_count > 0 &&
	       devid_check(account, identity->chain, identity->chain_count, time(NULL), &verdict) ==
		       DEVID_OK &&
	       verdict->result == DEVID_OK;
}

static char *label_of(const struct identity *identity)
{
	return g_strdup_printf("%s (%s)", identity->record->label,
			       identity->scope == SCOPE_SYSTEM ? "system" : "user");
}

/* The account loses the certificate in memory. What can't be found out is no condition. */
static void look_at_identities(struct removal *removal, struct devid_account *account,
			       gnutls_x509_crt_t signing)
{
	g_autoptr(identity_list) list = identity_list_load(true, true, NULL);
	size_t count = !list ? 0 : identity_list_count(list);
	g_autofree bool *before = g_new0(bool, count + 1);
	bool after = false;

	for (size_t i = 0; i < count; i++) {
		const struct identity *identity = identity_list_get(list, i);

		before[i] = is_accepted(account, identity);
		if (signing && hangs_on(identity, signing))
			g_ptr_array_add(removal->issued, label_of(identity));
	}
	signing_forget(account, removal->name);
	for (size_t i = 0; i < count; i++) {
		const struct identity *identity = identity_list_get(list, i);
		bool accepted = is_accepted(account, identity);

		after = after || accepted;
		if (before[i] && !accepted)
			g_ptr_array_add(removal->stopped, label_of(identity));
	}
	removal->last = removal->stopped->len > 0 && !after;
}

/* The certificate in the file, if it can be read: a broken one is to be removable too. */
static gnutls_x509_crt_t read_certificate(const struct ca_folder *folder, const char *file)
{
	g_autofree char *path = g_build_filename(folder->path, file, NULL);
	g_autoptr(GBytes) bytes = input_read(path, CA_FILE_MAX, NULL);
	AUTO_CERTIFICATE_LIST struct certificate_list list = CERTIFICATE_LIST_INIT;

	if (!bytes ||
	    !certificate_list_read(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), &list,
				   NULL) ||
	    list.ders->len == 0)
		return NULL;
	return certificate_parse(g_bytes_get_data(list.ders->pdata[0], NULL),
				 g_bytes_get_size(list.ders->pdata[0]), NULL);
}

static void tell(const struct removal *removal)
{
	g_autoptr(JsonBuilder) builder = json_begin();

	json_text(builder, "result", "ok");
	json_flag(builder, "changed", true);
	json_text(builder, "name", removal->name);
	json_texts(builder, "identities", removal->issued);
	json_texts(builder, "stopped", removal->stopped);
	if (options.json) {
		report_builder(builder);
		return;
	}
	print_line(stdout, "%s: removed", removal->name);
	for (guint i = 0; i < removal->issued->len; i++)
		report_warning("%s was issued by it: see devid check",
			       (const char *)g_ptr_array_index(removal->issued, i));
}

/* Opens the folder, and looks whether there is such a file. */
static bool open_folder(struct ca_folder *folder, enum scope scope, const struct removal *removal,
			struct stat *status, GError **error)
{
	if (!ca_folder_open(folder, scope, false, error))
		return false;
	if (folder->fd >= 0 && fstatat(folder->fd, removal->file, status, AT_SYMLINK_NOFOLLOW) == 0)
		return true;
	return devid_error_set(error, DEVID_NOT_FOUND, NULL, "see what is there: devid ca list",
			       "%s: no signing certificate has this name in %s", removal->name,
			       folder->path);
}

/* The folder is open for as long only: nobody waits for an answer under its lock. */
static bool look(struct removal *removal, enum scope scope, GError **error)
{
	AUTO_CA_FOLDER struct ca_folder folder = CA_FOLDER_INIT;
	gnutls_x509_crt_t certificate;
	struct stat status;

	if (!open_folder(&folder, scope, removal, &status, error))
		return false;
	certificate = S_ISREG(status.st_mode) ? read_certificate(&folder, removal->file) : NULL;
	look_at_identities(removal, folder.account, certificate);
	gnutls_x509_crt_deinit(certificate);
	return true;
}

/* For who may look, and not lock. */
static bool look_by_root(struct removal *removal, GError **error)
{
	AUTO_CA_FOLDER struct ca_folder folder = CA_FOLDER_INIT;
	gnutls_x509_crt_t certificate;
	char config[PATH_BUFFER];

	folder.account = account_load(NULL, true, error);
	if (!folder.account || !path_config(SCOPE_SYSTEM, config))
		return false;
	folder.path = g_build_filename(config, SIGNING_FOLDER, NULL);
	certificate = read_certificate(&folder, removal->file);
	look_at_identities(removal, folder.account, certificate);
	gnutls_x509_crt_deinit(certificate);
	return true;
}

static bool remove_file(const struct removal *removal, enum scope scope, GError **error)
{
	AUTO_CA_FOLDER struct ca_folder folder = CA_FOLDER_INIT;
	struct stat status;

	return open_folder(&folder, scope, removal, &status, error) &&
	       ca_folder_remove(&folder, removal->file, error);
}

/* EXIT_DONE: go on. Without a terminal it is asked for --yes only where everything would stop. */
static enum exit_status confirm(const struct removal *removal)
{
	g_autoptr(GString) labels = g_string_new(NULL);
	enum ask_answer answer;

	for (guint i = 0; i < removal->stopped->len; i++)
		g_string_append_printf(labels, "%s%s", i == 0 ? "" : ", ",
				       (const char *)g_ptr_array_index(removal->stopped, i));
	if (ask_would(options.yes)) {
		print_line(stderr, "This takes the signing certificate %s out of the account.",
			   removal->name);
		if (labels->len > 0)
			print_line(stderr, "No longer accepted on this computer: %s%s", labels->str,
				   removal->last ? ", and so none at all" : "");
		else
			print_line(stderr, "Nothing on this computer hangs on it.");
	}
	answer = ask_yes("ca remove", options.yes);
	if (answer == ASK_NOBODY && removal->last)
		return report_usage("ca remove",
				    "%s is the last signing certificate in use (by %s): add --yes",
				    removal->name, labels->str);
	return answer == ASK_NO ? EXIT_FAILED : EXIT_DONE;
}

static enum exit_status run(char **operands, GError **error)
{
	AUTO_REMOVAL struct removal removal = {
		.name = operands[0],
		.file = g_strconcat(operands[0], SIGNING_SUFFIX, NULL),
		.issued = g_ptr_array_new_with_free_func(g_free),
		.stopped = g_ptr_array_new_with_free_func(g_free),
	};
	AUTO_BY_ROOT struct by_root *by_root = options.account.system ? by_root_open() : NULL;
	const struct secret nothing = SECRET_INIT;
	enum exit_status status;
	enum scope scope;

	if (!ca_folder_scope(&options.account, "ca remove", &scope))
		return EXIT_WORDS;
	if (!signing_name_valid(removal.name))
		return report_usage("ca remove", "%s: not a signing certificate's name",
				    removal.name);
	if (!(by_root ? look_by_root(&removal, error) : look(&removal, scope, error)))
		return EXIT_FAILED;
	status = confirm(&removal);
	if (status != EXIT_DONE)
		return status;
	if (by_root) {
		by_root_option(by_root, "name", removal.name);
		by_root_flag(by_root, "json", options.json);
		return by_root_run(by_root, "ca remove", &nothing, error);
	}
	if (!remove_file(&removal, scope, error))
		return EXIT_FAILED;
	tell(&removal);
	return EXIT_DONE;
}

const struct command ca_remove = {
	.name = "remove",
	.arguments = "NAME",
	.summary = "Take one out",
	.about = "Take a signing certificate out of the account. The identities on this computer "
		 "that hang on it are named, and on a terminal it is asked for. The last one in "
		 "use is not removed without yes.",
	.entries = entries,
	.operands = { 1, 1, "a name is missing" },
	.run = run,
};
