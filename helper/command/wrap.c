/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid wrap: identities for TPMs that are elsewhere, one or a table of them. */
#include <string.h>
#include <unistd.h>
#include "base/error.h"
#include "base/json-build.h"
#include "command/cli/password.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "command/import/import.h"
#include "command/import/wrap-file.h"
#include "identity/agent.h"
#include "keyfile/bundle.h"
#include "command.h"

#define PROGRESS_US G_USEC_PER_SEC

static struct import_options options = { .password_fd = -1 };
static char *storage_key, *out, *table;

static const GOptionEntry entries[] = {
	{ "for", 0, 0, G_OPTION_ARG_FILENAME, &storage_key,
	  "For the TPM with this storage key, as devid status --tpm-public printed it there",
	  "FILE" },
	{ "out", 'o', 0, G_OPTION_ARG_FILENAME, &out,
	  "Write to this file (default: standard output); with --table, to files in this folder",
	  "FILE|DIR" },
	{ "table", 0, 0, G_OPTION_ARG_FILENAME, &table,
	  "Many: a line each with the file and, behind a tab or comma, that of the storage key",
	  "FILE" },
	{ "key", 0, 0, G_OPTION_ARG_FILENAME, &options.key,
	  "The private key, where FILE is a certificate alone", "FILE" },
	IMPORT_CHOICE_OPTIONS(options.choice),
	{ "password-file", 0, 0, G_OPTION_ARG_FILENAME, &options.password_file,
	  "Read the file's password from FILE", "FILE" },
	{ "password-fd", 0, 0, G_OPTION_ARG_INT, &options.password_fd,
	  "Read the file's password from descriptor N", "N" },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON", NULL },
	{ NULL },
};

static bool set_usage(GError **error, const char *text)
{
	return devid_error_set(error, DEVID_USAGE, NULL, "devid help wrap", "wrap: %s", text);
}

static bool understand(const char *file, GError **error)
{
	if (!table && !file)
		return set_usage(error, "a file is missing, or --table");
	if (table && (file || storage_key || options.key))
		return set_usage(error, "--table has files and storage keys in it");
	if (table && !out)
		return set_usage(error, "--table goes with --out, which names a folder");
	if (!table && !storage_key)
		return set_usage(error, "--for is missing: the storage key of the other TPM");
	if (!table && options.json && !out)
		return set_usage(error, "--json goes with --out: standard output has one of both");
	if (options.password_file && options.password_fd >= 0)
		return set_usage(error, "--password-file or --password-fd, not both");
	if (options.choice.number < 0)
		return set_usage(error, "--number counts from 1");
	if ((g_strcmp0(file, "-") == 0) + (g_strcmp0(options.key, "-") == 0) +
		    (g_strcmp0(storage_key, "-") == 0) + (g_strcmp0(table, "-") == 0) +
		    (g_strcmp0(options.password_file, "-") == 0 ||
		     options.password_fd == STDIN_FILENO) >
	    1)
		return set_usage(error, "standard input can be one thing only");
	return true;
}

/* --- one */

static void tell_one(const struct wrap_file *wrap)
{
	g_autoptr(JsonBuilder) builder = NULL;

	if (!options.json) {
		report_say("", COLOUR_PLAIN, "%s: %s", bundle_title(wrap->output),
			   wrap->changed ? "written" : "already here, nothing changed");
		report_hint("bring it to that computer; there: devid import-cert FILE");
		return;
	}
	builder = json_begin();
	json_text(builder, "result", "ok");
	json_flag(builder, "changed", wrap->changed);
	json_text(builder, "file", wrap->file);
	json_text(builder, "output", wrap->output);
	report_builder(builder);
}

static bool wrap_one(const char *file, struct password_words *password, struct client *client,
		     GError **error)
{
	struct wrap_file wrap = { .file = file, .storage_key = storage_key, .output = out };

	if (!wrap_file_run(&wrap, &options, password, client, error))
		return false;
	if (out)
		tell_one(&wrap);
	return true;
}

/* --- a table */

struct line {
	guint number;
	char **fields; /* file, storage key, and maybe the file with its password */
};

static void line_free(void *data)
{
	struct line *line = data;

	g_strfreev(line->fields);
	g_free(line);
}

static bool bad_line(GError **error, guint number)
{
	return devid_error_set(error, DEVID_BAD_DATA, NULL,
			       "a line has a file, a storage key and maybe a password's file, with "
			       "tabs or commas between them",
			       "%s: line %u can't be read", bundle_title(table), number);
}

/* A name with a comma in it goes with tabs. Empty lines and those that begin with # say nothing. */
static bool read_line(const char *text, guint number, GPtrArray *lines, GError **error)
{
	g_auto(GStrv) fields = g_strsplit(text, strchr(text, '\t') ? "\t" : ",", -1);
	guint count = g_strv_length(fields);
	struct line *line;

	for (guint i = 0; i < count; i++)
		g_strstrip(fields[i]);
	if (count == 0 || fields[0][0] == '#' || (count == 1 && !fields[0][0]))
		return true;
	if (count < 2 || count > 3 || !fields[0][0] || !fields[1][0] ||
	    (count == 3 && !fields[2][0]))
		return bad_line(error, number);
	line = g_new0(struct line, 1);
	line->number = number;
	line->fields = g_steal_pointer(&fields);
	g_ptr_array_add(lines, line);
	return true;
}

static GPtrArray *read_table(GError **error)
{
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(line_free);
	AUTO_SECRET struct secret bytes = SECRET_INIT;
	g_autofree char *text = NULL;
	g_auto(GStrv) rows = NULL;

	if (!bundle_read_file(table, &bytes, NULL, error))
		return NULL;
	text = g_strndup((const char *)bytes.data, bytes.length);
	if (strlen(text) != bytes.length) {
		devid_error_set(error, DEVID_BAD_DATA, NULL, "name a text file",
				"%s: it is no text", bundle_title(table));
		return NULL;
	}
	rows = g_strsplit(text, "\n", -1);
	for (guint i = 0; rows[i]; i++)
		if (!read_line(rows[i], i + 1, lines, error))
			return NULL;
	return g_steal_pointer(&lines);
}

static bool run_line(const struct line *line, struct wrap_file *wrap,
		     struct password_words *password, struct client *client, GError **error)
{
	struct password_words own;
	bool good;

	wrap->file = line->fields[0];
	wrap->storage_key = line->fields[1];
	wrap->folder = out;
	if (!line->fields[2])
		return wrap_file_run(wrap, &options, password, client, error);
	password_words_init(&own, "Password of the file");
	own.file = line->fields[2];
	good = wrap_file_run(wrap, &options, &own, client, error);
	password_words_clear(&own);
	return good;
}

static void line_json(JsonBuilder *builder, const struct line *line, const struct wrap_file *wrap,
		      const GError *problem)
{
	json_builder_begin_object(builder);
	json_number(builder, "line", line->number);
	json_text(builder, "file", wrap->file);
	json_text(builder, "storage_key", wrap->storage_key);
	json_text(builder, "output", problem ? NULL : wrap->output);
	json_flag(builder, "changed", wrap->changed);
	report_outcome(builder, problem);
	json_builder_end_object(builder);
}

/* A line a second, for whoever sits before it. */
static void tell_progress(gint64 *told, guint done, guint all)
{
	gint64 now = g_get_monotonic_time();

	if (options.json || !isatty(STDERR_FILENO) || now - *told < PROGRESS_US || done == all)
		return;
	*told = now;
	report_say("", COLOUR_DIM, "%u of %u", done, all);
}

/* How many were not wrapped. */
static guint run_lines(const GPtrArray *lines, struct password_words *password,
		       struct client *client, JsonBuilder *builder)
{
	gint64 told = g_get_monotonic_time();
	guint bad = 0;

	for (guint i = 0; i < lines->len; i++) {
		const struct line *line = lines->pdata[i];
		struct wrap_file wrap = { 0 };
		g_autoptr(GError) problem = NULL;

		bad += !run_line(line, &wrap, password, client, &problem);
		if (builder)
			line_json(builder, line, &wrap, problem);
		else if (problem)
			report_say("", COLOUR_BAD, "line %u: %s", line->number, problem->message);
		g_free(wrap.output);
		tell_progress(&told, i + 1, lines->len);
	}
	return bad;
}

static bool wrap_table(struct password_words *password, struct client *client,
		       enum exit_status *status, GError **error)
{
	g_autoptr(GPtrArray) lines = read_table(error);
	g_autoptr(JsonBuilder) builder = NULL;
	guint bad;

	if (!lines)
		return false;
	if (lines->len == 0)
		return devid_error_set(error, DEVID_NOT_FOUND, NULL, NULL, "%s: nothing is in it",
				       bundle_title(table));
	if (options.json) {
		builder = json_begin();
		json_begin_array(builder, "files");
	}
	bad = run_lines(lines, password, client, builder);
	if (builder) {
		json_builder_end_array(builder);
		json_text(builder, "result", bad ? "error" : "ok");
		json_number(builder, "wrapped", lines->len - bad);
		json_number(builder, "failed", bad);
		report_builder(builder);
	} else {
		report_say("", COLOUR_PLAIN, "%u of %u wrapped, in %s", lines->len - bad,
			   lines->len, out);
	}
	*status = bad ? EXIT_FAILED : EXIT_DONE;
	return true;
}

static enum exit_status run(char **operands, GError **error)
{
	AUTO_CLIENT struct client client = CLIENT_INIT;
	enum exit_status status = EXIT_DONE;
	struct password_words password;
	bool good;

	if (!understand(operands[0], error))
		return EXIT_FAILED;
	password_guard_process();
	password_words_init(&password, table ? "Password of the files" : "Password of the file");
	password.file = options.password_file;
	password.fd = options.password_fd;
	good = agent_connect(&client, SCOPE_USER, CLIENT_START, error) &&
	       (table ? wrap_table(&password, &client, &status, error)
		      : wrap_one(operands[0], &password, &client, error));
	password_words_clear(&password);
	return good ? status : EXIT_FAILED;
}

const struct command command_wrap = {
	.name = "wrap",
	.arguments = "[FILE]",
	.summary = "Wrap an identity for the TPM of another computer",
	.description =
		"What it writes holds certificate, chain and a key that the TPM with that storage\n"
		"key alone can take, by devid import-cert there: FILE and its password need not\n"
		"travel. No TPM is needed here. - is standard input.\n"
		"\n"
		"A storage key says by nothing that it is a TPM's: take it by a way that you trust.\n"
		"Files that are there already are not written over.",
	.entries = entries,
	.operands = { 0, 1 },
	.run = run,
};
