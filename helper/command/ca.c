/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid ca: which CAs the account accepts. Adding and removing are in files of their own. */
#include <string.h>

#include "base/certificate.h"
#include "base/error.h"
#include "base/json-build.h"
#include "base/moment.h"
#include "command/admin/ca.h"
#include "command/check/remarks.h"
#include "command/cli/account.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "command/cli/table.h"
#include "command/cli/when.h"
#include "identity/describe.h"
#include "identity/json.h"
#include "command.h"

static struct {
	char **used_by;
	char *since;
	gboolean system, json;
} options;

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
	g_autoptr(JsonBuilder) builder = json_begin();

	json_text(builder, "folder", devid_account_folder(account));
	json_number(builder, "limit", (gint64)devid_account_signing_count_limit(account));
	json_begin_array(builder, "signing");
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
	AUTO_TABLE struct table *table = table_with("NAME", "KEY", "EXPIRES", "FILE", "SUBJECT");
	size_t count = devid_account_signing_count(account);

	if (count == 0) {
		print_line(stdout, "no signing certificate yet.");
		report_hint("devid ca add --name NAME FILE");
		return;
	}
	for (size_t i = 0; i < count; i++) {
		const struct devid_signing *signing = devid_account_signing(account, i);
		time_t ends = gnutls_x509_crt_get_expiration_time(signing->certificate);
		g_autofree char *key = certificate_key(signing->certificate);
		g_autofree char *date = moment_date(ends);
		g_autofree char *size = g_strdup_printf("%zu B", signing->pem_size);

		table_cells(table, signing->name, key, date, size, signing->subject);
		if (describe_ends_soon(ends, time(NULL), account))
			table_colour(table, 2, COLOUR_WARN);
	}
	table_print(table, stdout);
	print_lines(stdout, COLOUR_PLAIN, "\n");
	print_line(stdout, "%zu of at most %zu, in %s", count,
		   devid_account_signing_count_limit(account), devid_account_folder(account));
	remarks_tell_signing(account);
}

/* `--used-by a b c`: what stands behind the option's own value are more of them. */
static char **all_logs(char **operands)
{
	GPtrArray *logs = g_ptr_array_new();

	for (size_t i = 0; options.used_by && options.used_by[i]; i++)
		g_ptr_array_add(logs, options.used_by[i]);
	for (size_t i = 0; operands[i]; i++)
		g_ptr_array_add(logs, operands[i]);
	g_ptr_array_add(logs, NULL);
	return (char **)g_ptr_array_free(logs, FALSE);
}

static enum exit_status list(char **operands, GError **error)
{
	g_autofree char **logs = all_logs(operands);
	g_autoptr(devid_account) account = NULL;
	time_t since = 0;

	if (!options.used_by && operands[0])
		return report_usage("ca list", "%s: nothing more is expected", operands[0]);
	if (!options.used_by && options.since)
		return report_usage("ca list", "--since goes with --used-by");
	if (options.since && !when_parse(options.since, time(NULL), &since))
		return report_usage("ca list", "--since %s: not a moment (%s)", options.since,
				    WHEN_FORMS);
	account = account_load(NULL, options.system, error);
	if (!account || !account_usable(account, error))
		return EXIT_FAILED;
	if (logs[0])
		ca_print_usage(account, logs, since, options.json, error);
	else if (options.json)
		print_list_json(account);
	else
		print_list(account);
	return EXIT_DONE;
}

static const GOptionEntry list_entries[] = {
	{ "used-by", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.used_by,
	  "How many identities each carries, by the event logs (*.jsonl) of any number "
	  "of machines; - is standard input",
	  "EVENTS…" },
	{ "since", 0, 0, G_OPTION_ARG_STRING, &options.since,
	  "Only by what happened since then: " WHEN_FORMS, "TIME" },
	{ "system", 0, 0, G_OPTION_ARG_NONE, &options.system, "The machine's account, whoever asks",
	  NULL },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print a JSON object", NULL },
	{ NULL },
};

const struct command ca_list = {
	.name = "list",
	.arguments = "[--used-by EVENTS…]",
	.summary = "List the signing certificates",
	.about = "List the account's signing certificates.",
	.entries = list_entries,
	.operands = { 0, OPERANDS_ANY },
	.run = list,
};

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

	print_format(stdout, COLOUR_BOLD, "\n", "%s", signing->name);
	table_field("subject", signing->subject);
	table_field("issuer", strcmp(issuer, signing->subject) == 0 ? "itself" : issuer);
	table_field("key", key);
	table_field("key id", signing->key_id);
	table_field("serial", serial);
	table_field("valid", valid);
	table_field("sha-256", fingerprint);
	table_field("file", signing->path);
	table_field("size", size);
}

static enum exit_status show(char **operands, GError **error)
{
	g_autoptr(devid_account) account = account_load(NULL, options.system, error);
	const struct devid_signing *found = NULL;

	if (!account || !account_usable(account, error))
		return EXIT_FAILED;
	for (size_t i = 0; !found && i < devid_account_signing_count(account); i++)
		if (strcmp(devid_account_signing(account, i)->name, operands[0]) == 0)
			found = devid_account_signing(account, i);
	if (!found) {
		devid_error_set(error, DEVID_NOT_FOUND, NULL, "see what is there: devid ca list",
				"%s: no signing certificate has this name", operands[0]);
		return EXIT_FAILED;
	}
	if (options.json) {
		g_autoptr(JsonBuilder) builder = json_begin();

		signing_json(builder, account, found);
		report_builder(builder);
	} else {
		print_signing(account, found);
	}
	return EXIT_DONE;
}

static const GOptionEntry show_entries[] = {
	{ "system", 0, 0, G_OPTION_ARG_NONE, &options.system, "The machine's account, whoever asks",
	  NULL },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print a JSON object", NULL },
	{ NULL },
};

const struct command ca_show = {
	.name = "show",
	.arguments = "NAME",
	.summary = "Show one of them",
	.about = "Show one signing certificate of the account.",
	.entries = show_entries,
	.operands = { 1, 1, "a name is missing" },
	.run = show,
};

static const struct command *const actions[] = { &ca_add, &ca_list, &ca_show, &ca_remove, NULL };

const struct command command_ca = {
	.name = "ca",
	.summary = "Manage the account's signing certificates",
	.about = "The signing certificates of the account: which CAs' device certificates it "
		 "accepts.",
	.description = "devid ca ACTION --help tells more of each.",
	.actions = actions,
};
