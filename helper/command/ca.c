/* devid ca: which CAs the account accepts. Adding and removing are in files of their own. */
#include <string.h>
#include <devid/reason.h>

#include "base/certificate.h"
#include "base/error.h"
#include "base/json-build.h"
#include "base/moment.h"
#include "command/admin/ca.h"
#include "command/check/remarks.h"
#include "command/cli/group.h"
#include "command/cli/options.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "command/cli/table.h"
#include "command/cli/when.h"
#include "identity/describe.h"
#include "identity/json.h"
#include "command.h"

static const struct command actions[] = {
	{ "add", "--name NAME FILE", "Add a signing certificate", ca_add },
	{ "list", "[--used-by EVENTS…]", "List the signing certificates", ca_list },
	{ "show", "NAME", "Show one of them", ca_show },
	{ "remove", "NAME", "Take one out", ca_remove },
};

/* The account that is in force; a broken one is an error. */
static struct devid_account *load(gboolean system, GError **error)
{
	struct devid_account *account = NULL;
	enum devid_result result = devid_account_load(NULL, system, &account);

	if (result != DEVID_OK) {
		devid_error_set(error, result, NULL, NULL, "account: %s",
				devid_reason_for(result)->cause);
		return NULL;
	}
	if (devid_account_state(account) != DEVID_ACCOUNT_UNUSABLE)
		return account;
	devid_error_set(error, DEVID_ACCOUNT_BROKEN, NULL, NULL, "account: %s",
			devid_account_problem(account));
	devid_account_free(account);
	return NULL;
}

static void signing_json(JsonBuilder *builder, const struct devid_account *account,
			 const struct devid_signing *signing)
{
	json_text(builder, "name", signing->name);
	json_text(builder, "path", signing->path);
	json_text(builder, "key_id", signing->key_id);
	json_number(builder, "file_size", (gint64)signing->pem_size);
	json_number(builder, "file_limit", (gint64)devid_account_signing_limit(account));
	json_certificate(builder, signing->certificate);
}

static void print_list_json(const struct devid_account *account)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();

	json_builder_begin_object(builder);
	json_text(builder, "folder", devid_account_folder(account));
	json_number(builder, "limit", (gint64)devid_account_signing_count_limit(account));
	json_builder_set_member_name(builder, "signing");
	json_builder_begin_array(builder);
	for (size_t i = 0; i < devid_account_signing_count(account); i++) {
		json_builder_begin_object(builder);
		signing_json(builder, account, devid_account_signing(account, i));
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
	report_builder(builder);
}

static void print_list(const struct devid_account *account)
{
	static const char *const headings[] = { "NAME", "KEY", "EXPIRES", "FILE", "SUBJECT", NULL };
	AUTO_TABLE struct table *table = table_new(headings);
	size_t count = devid_account_signing_count(account);

	if (count == 0) {
		print_line(stdout, "no signing certificate yet.");
		fflush(stdout);
		report_hint("devid ca add --name NAME FILE");
		return;
	}
	for (size_t i = 0; i < count; i++) {
		const struct devid_signing *signing = devid_account_signing(account, i);
		time_t ends = gnutls_x509_crt_get_expiration_time(signing->certificate);
		g_autofree char *key = certificate_key(signing->certificate);
		g_autofree char *date = moment_date(ends);
		g_autofree char *size = g_strdup_printf("%zu B", signing->pem_size);
		const char *cells[] = { signing->name, key, date, size, signing->subject };

		table_row(table, cells);
		if (describe_ends_soon(ends, time(NULL), account))
			table_colour(table, 2, COLOUR_WARN);
	}
	table_print(table, stdout);
	print_lines(stdout, COLOUR_PLAIN, "\n");
	print_line(stdout, "%zu of at most %zu, in %s", count,
		   devid_account_signing_count_limit(account), devid_account_folder(account));
	remarks_tell_signing(account);
}

static enum exit_status list(gboolean system, char *const *logs, time_t since, gboolean json)
{
	GError *error = NULL;
	struct devid_account *account = load(system, &error);

	if (!account)
		return report_error(&error, json);
	if (logs[0])
		ca_print_usage(account, logs, since, json, &error);
	else if (json)
		print_list_json(account);
	else
		print_list(account);
	devid_account_free(account);
	return !error ? EXIT_DONE : report_error(&error, json);
}

/* `--used-by a b c`: what stands behind the option's own value are more of them. */
static char **all_logs(char **named, int argc, char **argv)
{
	GPtrArray *logs = g_ptr_array_new();

	for (size_t i = 0; named && named[i]; i++)
		g_ptr_array_add(logs, named[i]);
	for (int i = 1; i < argc; i++)
		g_ptr_array_add(logs, argv[i]);
	g_ptr_array_add(logs, NULL);
	return (char **)g_ptr_array_free(logs, FALSE);
}

enum exit_status ca_list(int argc, char **argv)
{
	g_auto(GStrv) used_by = NULL;
	g_autofree char *since_text = NULL;
	g_autofree char **logs = NULL;
	gboolean system = FALSE, json = FALSE;
	const GOptionEntry entries[] = {
		{ "used-by", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &used_by,
		  "How many identities each carries, by the event logs (*.jsonl) of any number "
		  "of machines; - is standard input",
		  "EVENTS…" },
		{ "since", 0, 0, G_OPTION_ARG_STRING, &since_text,
		  "Only by what happened since then: " WHEN_FORMS, "TIME" },
		{ "system", 0, 0, G_OPTION_ARG_NONE, &system, "The machine's account, whoever asks",
		  NULL },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &json, "Print a JSON object", NULL },
		{ NULL },
	};
	enum exit_status status;
	time_t since = 0;
	bool done;

	if (!options_parse(&argc, &argv, "", "List the account's signing certificates.", NULL,
			   entries, &done, &status) ||
	    done)
		return status;
	if (!used_by && argc > 1)
		return report_usage("ca list", "%s: nothing more is expected", argv[1]);
	if (!used_by && since_text)
		return report_usage("ca list", "--since goes with --used-by");
	if (since_text && !when_parse(since_text, time(NULL), &since))
		return report_usage("ca list", "--since %s: not a moment (%s)", since_text,
				    WHEN_FORMS);
	logs = all_logs(used_by, argc, argv);
	return list(system, logs, since, json);
}

static void print_signing(const struct devid_account *account, const struct devid_signing *signing)
{
	gnutls_x509_crt_t certificate = signing->certificate;
	time_t begins = gnutls_x509_crt_get_activation_time(certificate);
	time_t ends = gnutls_x509_crt_get_expiration_time(certificate);
	g_autofree char *from = moment_date(begins), *to = moment_date(ends);
	g_autofree char *days = moment_days(ends, time(NULL));
	g_autofree char *valid = g_strdup_printf("%s to %s, %s", from, to, days);
	g_autofree char *size = g_strdup_printf("%zu of at most %zu bytes", signing->pem_size,
						devid_account_signing_limit(account));
	g_autofree char *key = certificate_key(certificate),
			*serial = certificate_serial(certificate);
	g_autofree char *issuer = certificate_issuer(certificate);
	g_autofree char *fingerprint = certificate_fingerprint(certificate);

	print_piece(stdout, COLOUR_BOLD, "%s", signing->name);
	print_lines(stdout, COLOUR_PLAIN, "\n");
	print_field("subject", signing->subject);
	print_field("issuer", strcmp(issuer, signing->subject) == 0 ? "itself" : issuer);
	print_field("key", key);
	print_field("key id", signing->key_id);
	print_field("serial", serial);
	print_field("valid", valid);
	print_field("sha-256", fingerprint);
	print_field("file", signing->path);
	print_field("size", size);
}

static enum exit_status show(const char *name, gboolean system, gboolean json)
{
	GError *error = NULL;
	struct devid_account *account = load(system, &error);
	const struct devid_signing *found = NULL;

	if (!account)
		return report_error(&error, json);
	for (size_t i = 0; !found && i < devid_account_signing_count(account); i++)
		if (strcmp(devid_account_signing(account, i)->name, name) == 0)
			found = devid_account_signing(account, i);
	if (!found) {
		devid_error_set(&error, DEVID_NOT_FOUND, NULL, "see what is there: devid ca list",
				"%s: no signing certificate has this name", name);
	} else if (json) {
		g_autoptr(JsonBuilder) builder = json_builder_new();

		json_builder_begin_object(builder);
		signing_json(builder, account, found);
		report_builder(builder);
	} else {
		print_signing(account, found);
	}
	devid_account_free(account);
	return !error ? EXIT_DONE : report_error(&error, json);
}

enum exit_status ca_show(int argc, char **argv)
{
	gboolean system = FALSE, json = FALSE;
	const GOptionEntry entries[] = {
		{ "system", 0, 0, G_OPTION_ARG_NONE, &system, "The machine's account, whoever asks",
		  NULL },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &json, "Print a JSON object", NULL },
		{ NULL },
	};
	enum exit_status status;
	bool done;

	if (!options_parse(&argc, &argv, "NAME", "Show one signing certificate of the account.",
			   NULL, entries, &done, &status) ||
	    done)
		return status;
	if (argc < 2)
		return report_usage("ca show", "a name is missing");
	if (argc > 2)
		return report_usage("ca show", "%s: one name at a time", argv[2]);
	return show(argv[1], system, json);
}

enum exit_status command_ca(int argc, char **argv)
{
	static const struct command_group group = {
		"ca",
		"The signing certificates of the account: which CAs' device certificates it\n"
		"accepts.\n",
		actions,
		G_N_ELEMENTS(actions),
	};

	return group_run(&group, argc, argv);
}
