/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid move: a key into another store of its token, by the agent; certificate, label and URI stay.
 */
#include <string.h>

#include "base/error.h"
#include "base/json-build.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "command/import/import.h"
#include "command/import/own.h"
#include "command/import/store-words.h"
#include "identity/agent.h"
#include "identity/change.h"
#include "identity/naming.h"
#include "identity/verdict.h"
#include "command.h"

static struct {
	struct naming naming;
	struct import_options import;
} options;

static const GOptionEntry entries[] = {
	{ "store", 0, 0, G_OPTION_ARG_STRING, &options.import.store,
	  "Where the key is to rest: keyring, file or tpm", "keyring|file|tpm" },
	{ "tpm-auth", 0, 0, G_OPTION_ARG_STRING, &options.import.tpm_auth,
	  "What a key in the TPM needs beside it, as for import-cert", "keyring|credential|none" },
	NAMING_OPTIONS(options.naming),
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.import.json, "Print a JSON object", NULL },
	{ NULL },
};

static bool may_move(const struct identity *identity, GError **error)
{
	const struct record *record = identity->record;

	if (!store_words_judge("move", identity->scope, false, options.import.store,
			       options.import.tpm_auth, error))
		return false;
	if (!record_has_key(record))
		return devid_error_set(error, DEVID_KEY_MISSING, NULL,
				       "import it with its key: devid import-cert FILE.p12",
				       "%s: there is no private key to move", record->label);
	if (identity->chain_count == 0)
		return devid_error_set(error, DEVID_NOT_FOUND, "no-certificate",
				       "wait for its certificate: devid import-cert CERTIFICATE",
				       "%s: a key without a certificate stays where it was made",
				       record->label);
	if (strcmp(record->store, "tpm") == 0 &&
	    g_strcmp0(options.import.tpm_auth, "credential") == 0 &&
	    g_strcmp0(record->auth, "credential") != 0)
		return devid_error_set(error, DEVID_UNSUPPORTED, NULL,
				       "take it away, and import it again with --tpm-auth "
				       "credential; or make it a new key: devid renew",
				       "%s: a key in the TPM goes on needing what it needs",
				       record->label);
	return change_allowed(identity->scope, error);
}

/* What an import would read from a file: the certificates, and no key, which the agent has. */
static bool fill(struct import *import, struct candidate *candidate, struct bundle *bundle,
		 const struct record *record, GError **error)
{
	bool good =
		bundle_add_certificate(bundle, record->leaf.data, record->leaf.length, NULL, NULL);

	for (size_t i = 0; good && i < record->chain_count; i++)
		good = bundle_add_certificate(bundle, record->chain[i].certificate.data,
					      record->chain[i].certificate.length, NULL, NULL);
	if (!good)
		return devid_error_set(error, DEVID_BAD_DATA, NULL, NULL,
				       "%s: a certificate of it can't be read", record->label);
	candidate->leaf = bundle->certificates->pdata[0];
	candidate->chain = bundle->certificates;
	import->candidate = candidate;
	import->bundle = bundle;
	return true;
}

static bool move(struct import *import, const struct identity *identity, GError **error)
{
	AUTO_ACCOUNTS struct accounts accounts = { { NULL } };
	AUTO_BUNDLE struct bundle *bundle = bundle_new(BUNDLE_DER);
	struct candidate candidate = { .pkcs8 = SECRET_INIT };
	g_autoptr(devid_verdict) verdict = NULL;

	import->account = verdict_accounts_get(&accounts, identity->scope, error);
	if (import->account)
		verdict = verdict_assess(identity, import->account, error);
	if (!verdict || !fill(import, &candidate, bundle, identity->record, error))
		return false;
	import->verdict = verdict;
	import->chain = identity->chain;
	import->chain_count = identity->chain_count;
	return import_to_own(import, error);
}

static void tell(const struct import *import, const char *from)
{
	g_autoptr(JsonBuilder) builder = json_begin();

	if (!options.import.json) {
		print_line(stdout, "%s: %s %s", import->label,
			   import->changed ? "its key is now in the store" : "is already in",
			   import->store);
		if (import->changed)
			report_hint("the file that it came from, and backups, may still have it: "
				    "devid doctor names those that it sees");
		return;
	}
	json_text(builder, "result", "ok");
	json_flag(builder, "changed", import->changed);
	json_text(builder, "label", import->label);
	json_text(builder, "from", from);
	json_text(builder, "store", import->store);
	json_text(builder, "uri", import->uri);
	json_texts(builder, "warnings", import->warnings);
	report_builder(builder);
}

/* One that was interrupted after the key was in its new store, before it had left the old one. */
static void finish_earlier(const struct identity *identity)
{
	AUTO_CLIENT struct client client = CLIENT_INIT;
	g_autoptr(GPtrArray) stay = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) let_go = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) error = NULL;

	if (!agent_connect(&client, identity->scope, CLIENT_START, &error))
		return;
	change_settle(&client, stay, let_go);
	for (guint i = 0; i < stay->len; i++)
		report_warning("%s", (const char *)stay->pdata[i]);
	for (guint i = 0; i < let_go->len; i++)
		report_warning("%s", (const char *)let_go->pdata[i]);
}

static bool move_or_finish(struct import *import, const struct identity *identity, GError **error)
{
	if (strcmp(identity->record->store, import->store) != 0)
		return move(import, identity, error);
	finish_earlier(identity);
	return true;
}

static enum exit_status run(char **operands, GError **error)
{
	AUTO_NAMING struct naming naming = options.naming;
	const struct identity *identity = NULL;
	struct import import = { .options = &options.import, .tpm_auth = options.import.tpm_auth };
	enum scope words =
		g_strcmp0(import.tpm_auth, "credential") == 0 ? SCOPE_SYSTEM : SCOPE_USER;
	bool good;

	if (!options.import.store)
		devid_error_set(error, DEVID_USAGE, NULL, "devid help move",
				"move: --store is needed: keyring, file or tpm");
	/* Words that no scope has come before a label that isn't there. */
	else if (store_words_judge("move", words, false, options.import.store,
				   options.import.tpm_auth, error))
		identity = naming_own(&naming, operands[0], error);
	if (!identity || !may_move(identity, error))
		return EXIT_FAILED;
	options.import.replace = true;
	import.warnings = g_ptr_array_new_with_free_func(g_free);
	import.scope = identity->scope;
	import.store = options.import.store;
	import.label = g_strdup(identity->record->label);
	import.moves = identity->record->name;
	good = move_or_finish(&import, identity, error);
	if (good)
		tell(&import, identity->record->store);
	g_ptr_array_unref(import.warnings);
	g_free(import.label);
	g_free(import.uri);
	g_clear_pointer(&import.id, g_bytes_unref);
	return good ? EXIT_DONE : EXIT_FAILED;
}

const struct command command_move = {
	.name = "move",
	.arguments = "LABEL|URI",
	.summary = "Move a key into another store",
	.about =
		"Move an identity's key into another store of its token. Certificate, label and URI "
		"stay.",
	.description =
		"The key in its old store goes only when the one in the new store has signed. A key\n"
		"in a TPM can't be read, and stays there.",
	.entries = entries,
	.operands = { 1, 1, "a label is missing" },
	.run = run,
};
