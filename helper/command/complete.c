/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Completion by the rows of the commands: which word of which command is being typed, and what its
 * placeholder in the usage stands for.
 */
#include <string.h>

#include "command/cli/group.h"
#include "command/cli/print.h"
#include "command/profile/profile.h"
#include "connection/list.h"
#include "identity/naming.h"
#include "identity/identity.h"
#include "identity/list.h"
#include "identity/verdict.h"
#include "complete.h"

/* `about` NULL: the word says it, and may have blanks in it. */
static void offer(const char *word, const char *about)
{
	if (about)
		print_line(stdout, "=%s %s", word, about);
	else
		print_line(stdout, "+%s", word);
}

/* --- what there is -------------------------------------------------------------------------- */

static void print_labels(void)
{
	AUTO_NAMING struct naming naming = { 0 };

	if (!naming_load(&naming, NULL))
		return;
	for (size_t i = 0; i < identity_list_count(naming.list); i++)
		offer(identity_list_get(naming.list, i)->record->label, NULL);
}

static void print_connections(void)
{
	g_autoptr(GPtrArray) names = connection_names();

	for (guint i = 0; i < names->len; i++)
		offer(g_ptr_array_index(names, i), NULL);
}

static void print_signing(void)
{
	AUTO_ACCOUNTS struct accounts accounts = { 0 };
	const struct devid_account *account = verdict_accounts_get(&accounts, SCOPE_USER, NULL);

	for (size_t i = 0; account && i < devid_account_signing_count(account); i++)
		offer(devid_account_signing(account, i)->name, NULL);
}

static void print_clients(void)
{
	for (size_t i = 0; i < profile_row_count; i++)
		offer(profile_rows[i].name, profile_rows[i].title);
}

/* --- what a placeholder stands for ---------------------------------------------------------- */

/* The first row counts that has the placeholder, and the command, where it names one. */
static const struct {
	const char *placeholder, *command;
	void (*print)(void);
	const char *lines; /* in place of print(): whole lines */
} kinds[] = {
	{ "LABEL", NULL, print_labels, NULL },
	{ "OLD", NULL, print_labels, NULL },
	{ "CLIENT", NULL, print_clients, NULL },
	{ "NAME", "connect", print_connections, NULL },
	{ "NAME", "disconnect", print_connections, NULL },
	{ "NAME", "show", print_signing, NULL },
	{ "NAME", "remove", print_signing, NULL },
	{ "FILE", NULL, NULL, ":files\n" },
	{ "EVENTS", NULL, NULL, ":files\n" },
	{ "DIR", NULL, NULL, ":folders\n" },
	{ "USER", NULL, NULL, ":users\n" },
	{ "GROUP", NULL, NULL, ":groups\n" },
	{ "GATEWAY", NULL, NULL, ":hosts\n" },
	{ "HOST:PORT", NULL, NULL, ":hosts\n" },
	{ "STORE", NULL, NULL, "+keyring\n+file\n+tpm\n+pkcs11:\n" },
	{ "TYPE", NULL, NULL, "+RSA\n+EC\n" },
};

static void print_kind(const struct command *command, const char *placeholder)
{
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		if (strcmp(kinds[i].placeholder, placeholder) != 0 ||
		    (kinds[i].command && strcmp(kinds[i].command, command->name) != 0))
			continue;
		if (kinds[i].print)
			kinds[i].print();
		else
			print_lines(stdout, COLOUR_PLAIN, kinds[i].lines);
		return;
	}
}

/* "LABEL|URI" and "FILE…" stand for what is there, "valid|invalid|none" for these words. */
static void print_value(const struct command *command, const char *text)
{
	g_auto(GStrv) words = g_strsplit(text, "|", -1);

	for (char **word = words; *word; word++) {
		g_autofree char *name = g_strndup(*word, strcspn(*word, "…"));
		g_autofree char *upper = g_ascii_strup(name, -1);

		if (strcmp(upper, name) == 0)
			print_kind(command, name);
		else
			offer(name, NULL);
	}
}

/* --- which word it is ----------------------------------------------------------------------- */

static void print_rows(const struct command *group)
{
	for (size_t i = 0; group->actions[i]; i++)
		offer(group->actions[i]->name, group->actions[i]->summary);
}

static void print_options(const struct command *command)
{
	for (const GOptionEntry *entry = command->entries; entry && entry->long_name; entry++)
		if (!(entry->flags & G_OPTION_FLAG_HIDDEN)) {
			g_autofree char *name = g_strconcat("--", entry->long_name, NULL);

			offer(name, entry->description);
		}
	offer("--help", "Print this text");
}

/* The option that `word` is, where it takes a value. */
static const GOptionEntry *option_with_value(const struct command *command, const char *word)
{
	const GOptionEntry *entry = command->entries;

	for (; entry && entry->long_name; entry++)
		if (entry->arg_description &&
		    (g_str_has_prefix(word, "--")
			     ? strcmp(word + 2, entry->long_name) == 0
			     : word[0] == '-' && word[1] == entry->short_name && word[1] != '\0' &&
				       word[2] == '\0'))
			return entry;
	return NULL;
}

/* The placeholders of the usage, those of options apart: "[CLIENT [LABEL|URI]]" are two. */
static GPtrArray *placeholders_of(const struct command *command)
{
	g_auto(GStrv) words =
		g_strsplit_set(command->arguments ? command->arguments : "", "[] ", -1);
	GPtrArray *found = g_ptr_array_new_with_free_func(g_free);

	for (char **word = words; *word && strcmp(*word, "--") != 0; word++)
		if (g_str_has_prefix(*word, "--"))
			word += word[1] != NULL;
		else if (**word != '\0' && **word != ':')
			g_ptr_array_add(found, g_strdup(*word));
	return found;
}

static void print_operand(const struct command *group, const struct command *command, guint number)
{
	g_autoptr(GPtrArray) placeholders = placeholders_of(command);

	if (command->arguments && strcmp(command->arguments, "[COMMAND]") == 0)
		print_rows(group);
	else if (number < placeholders->len)
		print_value(command, g_ptr_array_index(placeholders, number));
	else if (placeholders->len > 0 && command->operands.most == OPERANDS_ANY)
		print_value(command, g_ptr_array_index(placeholders, placeholders->len - 1));
}

/* `words`: those behind the command. */
static void print_word(const struct command *group, const struct command *command, char **words)
{
	const GOptionEntry *takes = NULL;
	guint operands = 0;

	for (; words[1]; words++) {
		if (takes)
			takes = NULL;
		else if ((*words)[0] == '-')
			takes = option_with_value(command, *words);
		else
			operands++;
	}
	if (takes)
		print_value(command, takes->arg_description);
	else if ((*words)[0] == '-')
		print_options(command);
	else
		print_operand(group, command, operands);
}

enum exit_status complete_print(const struct command *devid, char **words)
{
	const struct command *group = devid, *command = devid;

	for (; words[1] && command && command->actions; words++) {
		group = command;
		command = group_find(group, *words);
	}
	if (!command)
		return EXIT_DONE;
	if (!command->actions) {
		print_word(group, command, words);
		return EXIT_DONE;
	}
	print_rows(command);
	if (command == devid) {
		offer("start", "The same as connect");
		offer("stop", "The same as disconnect");
	}
	offer("--help", "Print this text");
	return EXIT_DONE;
}
