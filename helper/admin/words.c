/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of what may be run. Options that name a file, a descriptor, a token or a folder have no
 * row: root would open what the user can't. */
#include <string.h>
#include <internal/admin.h>
#include <internal/record.h>
#include "config.h"

#include "account/signing.h"
#include "words.h"

#define OPTIONS_MAX 8

static bool is_flag(const char *value)
{
	return !*value;
}

static bool is_store(const char *value)
{
	return strcmp(value, "file") == 0 || strcmp(value, "tpm") == 0;
}

static bool is_none(const char *value)
{
	return strcmp(value, "none") == 0;
}

static bool is_signing_name(const char *value)
{
	return signing_name_valid(value) && *value != '-';
}

static const struct row {
	const char *command, *action;
	const char *words[5]; /* NULL-ended; what is read is "-" */
	const char
		*operand; /* an option whose value is the operand, for there is nothing to read */
	struct {
		const char *name;
		bool (*is_sound)(const char *value);
	} options[OPTIONS_MAX + 1];
} rows[] = {
	{ "import-cert",
	  ADMIN_IMPORT,
	  { "import-cert", "--system" },
	  NULL,
	  { { "label", record_label_is_sound },
	    { "suggested-label", record_label_is_sound },
	    { "store", is_store },
	    { "tpm-auth", is_none },
	    { "replace", is_flag },
	    { "accept-size", is_flag },
	    { "dry-run", is_flag },
	    { "json", is_flag } } },
	{ "ca add",
	  ADMIN_ACCOUNT,
	  { "ca", "add", "--system" },
	  NULL,
	  { { "name", is_signing_name }, { "json", is_flag } } },
	{ "ca remove",
	  ADMIN_ACCOUNT,
	  { "ca", "remove", "--system", "--yes" },
	  "name",
	  { { "name", is_signing_name }, { "json", is_flag } } },
	{ "account revoke",
	  ADMIN_ACCOUNT,
	  { "account", "revoke", "--system" },
	  NULL,
	  { { "json", is_flag } } },
};

static const struct row *find_row(const char *command)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		if (strcmp(rows[i].command, command) == 0)
			return &rows[i];
	return NULL;
}

static bool is_known(const struct row *row, const char *name, const char *value)
{
	for (size_t i = 0; row->options[i].name; i++)
		if (strcmp(row->options[i].name, name) == 0)
			return row->options[i].is_sound(value);
	return false;
}

/* Each in one word with its value, so that no value is ever an option. */
static bool add_options(struct words *words, const struct row *row, GVariant *options,
			const char **operand)
{
	const char *name, *value;
	GVariantIter iter;

	if (g_variant_n_children(options) > OPTIONS_MAX)
		return false;
	g_variant_iter_init(&iter, options);
	while (g_variant_iter_next(&iter, "{&s&s}", &name, &value)) {
		if (!is_known(row, name, value))
			return false;
		if (g_strcmp0(name, row->operand) == 0)
			*operand = value;
		else
			g_ptr_array_add(words->argv,
					*value ? g_strdup_printf("--%s=%s", name, value)
					       : g_strdup_printf("--%s", name));
	}
	return true;
}

bool words_take(struct words *words, const char *command, GVariant *options, const char **why)
{
	const struct row *row = find_row(command);
	const char *operand = NULL;

	*why = "that is no command that is run for users";
	if (!row)
		return false;
	words->action = row->action;
	words->reads = !row->operand;
	words->argv = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(words->argv, g_strdup(DEVID_COMMAND_PATH));
	for (size_t i = 0; row->words[i]; i++)
		g_ptr_array_add(words->argv, g_strdup(row->words[i]));
	*why = "an option is not one that is taken from users, or its value isn't";
	if (!add_options(words, row, options, &operand))
		return false;
	*why = "a word is missing";
	if (row->operand && !operand)
		return false;
	g_ptr_array_add(words->argv, g_strdup("--"));
	g_ptr_array_add(words->argv, g_strdup(operand ? operand : "-"));
	g_ptr_array_add(words->argv, NULL);
	return true;
}

void words_clear(struct words *words)
{
	g_clear_pointer(&words->argv, g_ptr_array_unref);
}
