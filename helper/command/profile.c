/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid profile: a configuration for one of the programs of command/profile/table.c, printed or put
 * in its place. */
#include <unistd.h>
#include <internal/path.h>
#include <internal/record.h>

#include "base/error.h"
#include "base/json-build.h"
#include "base/text.h"
#include "command/cli/ask.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "command/cli/table.h"
#include "command/cli/words.h"
#include "command/profile/profile.h"
#include "command/profile/install.h"
#include "command/profile/support.h"
#include "command/profile/way.h"
#include "identity/naming.h"
#include "identity/identity.h"
#include "identity/token.h"
#include "command.h"

static struct {
	char *gateway, *user, *ca_file, *way;
	gboolean install, yes, json;
} options;

static const GOptionEntry entries[] = {
	{ "gateway", 0, 0, G_OPTION_ARG_STRING, &options.gateway,
	  "What to connect to: host, network or interface, as the client has it", "GATEWAY" },
	{ "user", 0, 0, G_OPTION_ARG_STRING, &options.user, "User name there", "USER" },
	{ "ca-file", 0, 0, G_OPTION_ARG_FILENAME, &options.ca_file,
	  "CAs of the gateway, as PEM (default: the system's)", "FILE" },
	{ "for", 0, 0, G_OPTION_ARG_STRING, &options.way,
	  "How OpenSSL reaches the token (default: what is installed)", "engine|provider" },
	{ "install", 0, 0, G_OPTION_ARG_NONE, &options.install,
	  "Put it where the client reads it; what was there is kept", NULL },
	{ "yes", 'y', 0, G_OPTION_ARG_NONE, &options.yes, "Don't ask", NULL },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print a JSON object", NULL },
	{ NULL },
};

struct request {
	const struct profile *client;
	const struct identity *identity;
	struct profile_request profile;
};

static const char *const token_words[] = {
	[PROFILE_EITHER] = "either",
	[PROFILE_SYSTEM] = "machine's",
};

static enum exit_status list_clients(void)
{
	AUTO_TABLE struct table *table = table_with("CLIENT", "TOKEN", "INSTALLS", "WHAT");
	g_autoptr(JsonBuilder) builder = json_begin();

	json_begin_array(builder, "clients");
	for (size_t i = 0; i < profile_row_count; i++) {
		const struct profile *client = &profile_rows[i];

		table_cells(table, client->name, token_words[client->token],
			    client->installs ? "yes" : "no", client->title);
		json_builder_begin_object(builder);
		json_text(builder, "client", client->name);
		json_text(builder, "title", client->title);
		json_text(builder, "token", client->token == PROFILE_SYSTEM ? "system" : "either");
		json_text(builder, "gateway", client->gateway);
		json_flag(builder, "installs", client->installs);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
	if (options.json)
		report_builder(builder);
	else
		table_print(table, stdout);
	return EXIT_DONE;
}

/* --- the files */

/* What every file begins with: where it is from, and what doesn't work so. */
static char *whole_text(const struct request *request, const struct profile_file *file)
{
	g_autofree char *label = text_printable(request->identity->record->label);
	GString *text = g_string_new(NULL);

	if (!file->plain) {
		g_string_append_printf(text,
				       "# devid profile %s: the identity %s on the token %s\n",
				       request->client->name, label, request->identity->token);
		if (request->client->token == PROFILE_SYSTEM &&
		    request->identity->scope == SCOPE_USER)
			g_string_append(text,
					"# It will not work as it is: this program runs as root, "
					"and a user's identity is out of its reach.\n");
	}
	g_string_append(text, file->text->str);
	return g_string_free(text, false);
}

static void print_files(const struct request *request, GPtrArray *files)
{
	for (guint i = 0; i < files->len; i++) {
		const struct profile_file *file = files->pdata[i];
		g_autofree char *text = whole_text(request, file);

		if (i > 0)
			print_lines(stdout, COLOUR_PLAIN, "\n");
		if (files->len > 1 && file->path)
			print_line(stdout, "# --- %s", file->path);
		else if (files->len > 1)
			print_line(stdout, "# --- to run once");
		/* What is kept as a file says every byte. */
		if (isatty(STDOUT_FILENO))
			print_lines(stdout, COLOUR_PLAIN, text);
		else
			fputs(text, stdout);
	}
}

static void begin_json(JsonBuilder *builder, const struct request *request)
{
	json_text(builder, "result", "ok");
	json_text(builder, "client", request->client->name);
	json_text(builder, "identity", request->identity->record->label);
	json_text(builder, "uri", request->identity->uri);
	json_text(builder, "module", request->profile.module);
	json_text(builder, "gateway", request->profile.gateway);
	json_flag(builder, "usable",
		  request->client->token == PROFILE_EITHER ||
			  request->identity->scope == SCOPE_SYSTEM);
	json_begin_array(builder, "files");
}

static void add_json_file(JsonBuilder *builder, const struct profile_file *file, const char *text,
			  const char *outcome, const char *backup)
{
	g_autofree char *mode = g_strdup_printf("%04o", (unsigned)file->mode);

	json_builder_begin_object(builder);
	json_text(builder, "path", file->path);
	if (file->path) {
		json_text(builder, "mode", mode);
		json_flag(builder, "merged", file->part != NULL);
	}
	json_text(builder, "content", text);
	if (outcome) {
		json_text(builder, "outcome", outcome);
		json_text(builder, "backup", backup);
	}
	json_builder_end_object(builder);
}

static enum exit_status print(const struct request *request, GPtrArray *files)
{
	g_autoptr(JsonBuilder) builder = json_begin();

	if (!options.json) {
		print_files(request, files);
		/* Of what can be installed, that is told with it. */
		if (!request->client->installs && request->client->then)
			report_hint("%s", request->client->then);
		return EXIT_DONE;
	}
	begin_json(builder, request);
	for (guint i = 0; i < files->len; i++) {
		g_autofree char *text = whole_text(request, files->pdata[i]);

		add_json_file(builder, files->pdata[i], text, NULL, NULL);
	}
	json_builder_end_array(builder);
	report_builder(builder);
	return EXIT_DONE;
}

/* --- --install */

static void tell(const struct request *request, GPtrArray *files)
{
	print_line(stderr, "%s, for %s:", request->client->title, request->identity->uri);
	for (guint i = 0; i < files->len; i++) {
		const struct profile_file *file = files->pdata[i];

		if (file->part)
			print_line(stderr, "  a part of %s", file->path);
		else
			print_line(stderr, "  %s (mode %04o)", file->path, (unsigned)file->mode);
	}
}

/* 0: go on. */
static enum exit_status confirm(const struct request *request, GPtrArray *files)
{
	enum ask_answer answer;

	if (!options.json)
		tell(request, files);
	answer = ask_yes("profile", options.yes);
	if (answer == ASK_NOBODY)
		return report_usage("profile", "--install writes files: add --yes");
	return answer == ASK_YES ? EXIT_DONE : EXIT_FAILED;
}

static bool may_install(const struct request *request, GError **error)
{
	const struct profile *client = request->client;

	if (!client->installs)
		return devid_error_set(error, DEVID_UNSUPPORTED, NULL,
				       "without --install it is printed, with its place",
				       "%s: devid doesn't put this one in its place", client->name);
	if (request->profile.way == PROFILE_PROVIDER)
		return devid_error_set(error, DEVID_UNSUPPORTED, NULL,
				       "without --install it is printed, with its place",
				       "%s: for pkcs11-provider, devid doesn't put it in its place",
				       client->name);
	if (client->token == PROFILE_SYSTEM && request->identity->scope == SCOPE_USER)
		return devid_error_set(
			error, DEVID_DENIED, NULL,
			"import it for the machine: devid import-cert --system FILE.p12",
			"%s: %s is your own identity, and %s runs as root, which can't reach "
			"it",
			client->name, request->identity->record->label, client->name);
	return true;
}

static enum exit_status install(const struct request *request, GPtrArray *files, GError **error)
{
	g_autoptr(JsonBuilder) builder = json_begin();
	enum exit_status status = confirm(request, files);

	if (status != EXIT_DONE)
		return status;
	begin_json(builder, request);
	for (guint i = 0; i < files->len; i++) {
		const struct profile_file *file = files->pdata[i];
		g_autofree char *text = whole_text(request, file), *backup = NULL;
		enum profile_outcome outcome;

		if (!profile_install(file, text, request->client->name, request->profile.home,
				     &outcome, &backup, error))
			return EXIT_FAILED;
		add_json_file(builder, file, text,
			      outcome == CLIENT_WRITTEN ? "written" : "unchanged", backup);
		if (options.json)
			continue;
		print_line(stdout, "%s: %s", file->path,
			   outcome == CLIENT_WRITTEN ? "written" : "unchanged");
		if (backup)
			print_line(stdout, "  what was there: %s", backup);
	}
	json_builder_end_array(builder);
	if (options.json) {
		report_builder(builder);
	} else if (request->client->then) {
		g_auto(GStrv) parts = g_strsplit(request->client->then, "%s", -1);
		g_autofree char *then = g_strjoinv(request->profile.name, parts);

		report_hint("%s", then);
	}
	return EXIT_DONE;
}

/* --- the words */

static bool check_identity(const struct request *request, GError **error)
{
	const struct identity *identity = request->identity;

	if (identity->foreign)
		return devid_error_set(
			error, DEVID_UNSUPPORTED, NULL, NULL,
			"%s: on another module's token: its clients are configured with "
			"that module",
			identity->token);
	if (identity->chain_count == 0 || !record_has_key(identity->record))
		return devid_error_set(error, DEVID_NOT_FOUND, "no-certificate", NULL,
				       "%s: certificate and key are not both there",
				       identity->record->label);
	return true;
}

static enum exit_status go(struct request *request, GError **error)
{
	g_autoptr(GPtrArray) files = profile_files_new();
	struct profile_request *profile = &request->profile;
	const struct profile *client = request->client;

	profile->identity = request->identity;
	if (!check_identity(request, error))
		return EXIT_FAILED;
	if (!profile->gateway && client->example && options.install && client->installs)
		return report_usage("profile", "%s: --gateway %s is missing", client->name,
				    client->gateway);
	if (!profile->gateway)
		profile->gateway = g_strdup(client->example);
	if (!profile_choose_way(client, options.way, &profile->way, error) ||
	    !profile_request_check(profile, client, error) ||
	    !client->profile(profile, files, error) ||
	    (options.install && !may_install(request, error)))
		return EXIT_FAILED;
	if (options.install)
		return install(request, files, error);
	if (client->token == PROFILE_SYSTEM && request->identity->scope == SCOPE_USER)
		report_warning(
			"%s runs as root and can't reach %s, your own identity: import it with "
			"--system",
			client->name, request->identity->record->label);
	return print(request, files);
}

static enum exit_status run(struct request *request, const char *label, GError **error)
{
	/* Root's daemons: the machine's identity, wherever it stands in the list. */
	AUTO_NAMING struct naming naming = {
		.system = request->client->token == PROFILE_SYSTEM && !label,
	};
	char home[PATH_BUFFER];

	if (!path_home(home)) {
		devid_error_set(error, DEVID_IO, NULL, NULL, "no home folder");
		return EXIT_FAILED;
	}
	request->profile.home = home;
	request->profile.module = token_module_path();
	request->identity = naming_identity(&naming, label, error);
	return request->identity ? go(request, error) : EXIT_FAILED;
}

static enum exit_status run_for(const struct profile *client, const char *label, GError **error)
{
	g_autofree char *ca_file =
		options.ca_file ? g_canonicalize_filename(options.ca_file, NULL) : NULL;
	struct request request = { .client = client,
				   .profile = { .user = options.user, .ca_file = ca_file } };
	enum exit_status status;

	if (options.gateway && !client->gateway)
		return report_usage("profile", "%s takes no --gateway", client->name);
	if (options.user && !client->user)
		return report_usage("profile", "%s takes no --user", client->name);
	if (ca_file && !g_file_test(ca_file, G_FILE_TEST_IS_REGULAR))
		return report_usage("profile", "--ca-file %s: no such file", options.ca_file);
	request.profile.gateway = g_strdup(options.gateway);
	status = run(&request, label, error);
	profile_request_clear(&request.profile);
	return status;
}

static enum exit_status profile(char **operands, GError **error)
{
	g_autofree const char **names = g_new0(const char *, profile_row_count + 1);
	const char *meant;

	if (!operands[0] && (options.gateway || options.user || options.ca_file || options.way ||
			     options.install || options.yes))
		return report_usage("profile", "a client is missing");
	if (!operands[0])
		return list_clients();
	for (size_t i = 0; i < profile_row_count; i++)
		names[i] = profile_rows[i].name;
	meant = words_meant(operands[0], names);
	for (size_t i = 0; i < profile_row_count; i++)
		if (meant == names[i])
			return run_for(&profile_rows[i], operands[1], error);
	return report_unknown("profile", "client", operands[0], names);
}

const struct command command_profile = {
	.name = "profile",
	.arguments = "[CLIENT [LABEL|URI]]",
	.summary = "Print or install a client's configuration",
	.about = "Print a client's configuration for an identity. It works as it stands. Without a "
		 "client: list them.",
	.entries = entries,
	.operands = { 0, 2 },
	.run = profile,
};
