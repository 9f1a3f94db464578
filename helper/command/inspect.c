/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid inspect FILE…: what is in .p12 and certificate files, stored nowhere. */
#include <unistd.h>
#include "base/json-build.h"
#include "command/cli/account.h"
#include "command/cli/password.h"
#include "command/cli/report.h"
#include "command/import/finding.h"
#include "command.h"

static struct {
	char *password_file;
	gboolean json, system;
	int password_fd;
} options = { .password_fd = -1 };

static const GOptionEntry entries[] = {
	{ "password-file", 0, 0, G_OPTION_ARG_FILENAME, &options.password_file,
	  "Read the files' password from FILE", "FILE" },
	{ "password-fd", 0, 0, G_OPTION_ARG_INT, &options.password_fd,
	  "Read the files' password from descriptor N", "N" },
	{ "system", 0, 0, G_OPTION_ARG_NONE, &options.system,
	  "Compare with the machine's account in /etc/devid alone", NULL },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON", NULL },
	{ NULL },
};

static enum exit_status worse(enum exit_status a, enum exit_status b)
{
	/* A file that can't be opened hides more than one that fails the check. */
	return a == EXIT_FAILED || b == EXIT_FAILED ? EXIT_FAILED : MAX(a, b);
}

static enum exit_status inspect_one(const char *path, const struct devid_account *account,
				    struct password_source *source, JsonBuilder *builder)
{
	AUTO_FINDING struct finding finding = { 0 };

	finding_make(&finding, path, source);
	if (builder)
		finding_json(builder, &finding, account);
	else
		finding_print(&finding, account);
	return finding_status(&finding, account);
}

static enum exit_status inspect(char **operands, GError **error)
{
	bool one = g_strv_length(operands) == 1;
	struct password_words words;
	g_autoptr(devid_account) account = NULL;
	g_autoptr(JsonBuilder) builder = NULL;
	enum exit_status status = EXIT_DONE;

	account = account_load(NULL, options.system || geteuid() == 0, error);
	if (!account)
		return EXIT_FAILED;
	password_guard_process();
	password_words_init(&words, one ? "Password of the file" : "Password of the files");
	words.file = options.password_file;
	words.fd = options.password_fd;
	if (options.json) {
		builder = json_begin();
		json_begin_array(builder, "files");
	}
	for (; *operands; operands++)
		status = worse(status, inspect_one(*operands, account, &words.source, builder));
	if (builder) {
		json_builder_end_array(builder);
		report_builder(builder);
	}
	password_words_clear(&words);
	return status;
}

const struct command command_inspect = {
	.name = "inspect",
	.arguments = "FILE…",
	.summary = "Show what is in .p12 and certificate files",
	.description =
		"Prints subject, issuer (whose certificate is the one to upload), dates, sizes\n"
		"against the limits, whether a password is set, which systems open the file, and\n"
		"what the account's check says. One password serves all files.\n"
		"\n"
		"Ends with 0 if every file can be used; 1 if one can't be opened or is too large;\n"
		"3 if one fails the check. FILE may be - for standard input.",
	.entries = entries,
	.operands = { 1, OPERANDS_ANY, "a file is missing" },
	.run = inspect,
};
