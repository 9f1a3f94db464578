/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid status: agent, keyring, identities and account at a glance. Starts nothing. */
#include <string.h>
#include <config.h>
#include <devid/office.h>
#include <internal/cleanup.h>
#include <internal/client.h>

#include "base/error.h"
#include "base/json-build.h"
#include "base/json-value.h"
#include "base/keyring.h"
#include "base/moment.h"
#include "command/check/remarks.h"
#include "command/cli/account.h"
#include "command/cli/output.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "command/cli/table.h"
#include "command/connect/connection-state.h"
#include "identity/agent-look.h"
#include "identity/agent.h"
#include "identity/describe.h"
#include "identity/json.h"
#include "identity/list.h"
#include "identity/verdict.h"
#include "command.h"

static struct {
	gboolean json, watch, tpm_public;
} options;

static const GOptionEntry entries[] = {
	{ "watch", 0, 0, G_OPTION_ARG_NONE, &options.watch,
	  "Print connections, and then each change, until interrupted", NULL },
	{ "tpm-public", 0, 0, G_OPTION_ARG_NONE, &options.tpm_public,
	  "Print the storage key of this computer's TPM alone, for devid wrap elsewhere", NULL },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print a JSON object", NULL },
	{ NULL },
};

/* --- connections ----------------------------------------------------------------------------- */

/* That a supervisor has gone without a word is seen by looking alone. */
#define LOOK_US (200 * 1000)

static void print_connections(void)
{
	g_autoptr(GPtrArray) states = connection_state_list();

	for (guint i = 0; i < states->len; i++) {
		g_autofree char *words = connection_state_words(g_ptr_array_index(states, i));

		table_field(i == 0 ? "connections" : "", words);
	}
}

static void state_json(JsonBuilder *builder, const struct connection_state *state)
{
	json_builder_begin_object(builder);
	connection_state_json(builder, state);
	json_builder_end_object(builder);
}

static void connections_json(JsonBuilder *builder)
{
	g_autoptr(GPtrArray) states = connection_state_list();

	json_begin_array(builder, "connections");
	for (guint i = 0; i < states->len; i++)
		state_json(builder, g_ptr_array_index(states, i));
	json_builder_end_array(builder);
}

/* One line of text, or of JSON, of one connection. */
static char *make_line(const struct connection_state *state, bool json)
{
	g_autoptr(JsonBuilder) builder = NULL;

	if (!json)
		return connection_state_words(state);
	builder = json_builder_new();
	state_json(builder, state);
	return report_json_text(json_builder_get_root(builder), false);
}

static void print_ended(const char *name, bool json)
{
	g_autoptr(JsonBuilder) builder = NULL;
	g_autofree char *text = NULL;

	if (!json) {
		print_line(stdout, "%s: disconnected", name);
		return;
	}
	builder = json_begin();
	json_text(builder, "name", name);
	json_text(builder, "state", "disconnected");
	json_builder_end_object(builder);
	text = report_json_text(json_builder_get_root(builder), false);
	print_line(stdout, "%s", text);
}

/* Prints what isn't in `before` as it is now; the new table takes its place. */
static void print_changes(GHashTable **before, bool json)
{
	g_autoptr(GPtrArray) states = connection_state_list();
	GHashTable *now = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	GHashTableIter iter;
	gpointer name;

	for (guint i = 0; i < states->len; i++) {
		const struct connection_state *state = g_ptr_array_index(states, i);
		char *line = make_line(state, json);

		if (g_strcmp0(line, g_hash_table_lookup(*before, state->name)) != 0)
			print_line(stdout, "%s", line);
		g_hash_table_insert(now, g_strdup(state->name), line);
	}
	g_hash_table_iter_init(&iter, *before);
	while (g_hash_table_iter_next(&iter, &name, NULL))
		if (!g_hash_table_contains(now, name))
			print_ended(name, json);
	g_hash_table_unref(*before);
	*before = now;
	fflush(stdout);
}

/* A line for each connection, and one whenever something changes, until a signal ends it. */
static enum exit_status watch(bool json)
{
	GHashTable *before = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

	print_changes(&before, json);
	/* Else a person might wonder whether it looks at all. */
	if (!json && g_hash_table_size(before) == 0) {
		print_line(stdout, "nothing is connected");
		fflush(stdout);
	}
	while (!ferror(stdout)) {
		print_changes(&before, json);
		g_usleep(LOOK_US);
	}
	g_hash_table_unref(before);
	return EXIT_FAILED;
}

/* --- the rest -------------------------------------------------------------------------------- */

static char *agent_words(const struct agent_look *state, enum scope scope)
{
	gint64 keys;

	/* The machine's tells root alone how it is: to all others it is well. */
	if (!state->problem && state->running && state->result == DEVID_DENIED)
		return g_strdup("running (tells root alone what it has open)");
	if (state->problem)
		return g_strdup_printf("not well: %s", state->problem);
	if (!state->running)
		return g_strdup(scope == SCOPE_SYSTEM
					? "not running"
					: "not running: the first use of a key starts it");
	if (!state->status)
		return g_strdup("running");
	keys = json_value_number(state->status, "keys", 0);
	return g_strdup_printf(
		"running (process %" G_GINT64_FORMAT ", %" G_GINT64_FORMAT " key%s in memory)",
		json_value_number(state->status, "pid", 0), keys, keys == 1 ? "" : "s");
}

/* The user's agent knows its keyring; where none runs, the bus is asked. */
static char *keyring_words(const struct agent_look *agent, char **state)
{
	JsonObject *store = agent_status_store(agent->status, "keyring");
	const char *found = json_value_text(store, "state"), *why = json_value_text(store, "why");

	if (found) {
		*state = g_strdup(found);
		return !why ? g_strdup(found) : g_strdup_printf("%s: %s", found, why);
	}
	return keyring_look(state);
}

static char *account_words(const struct devid_account *account)
{
	size_t count = devid_account_signing_count(account);

	if (devid_account_state(account) == DEVID_ACCOUNT_NONE)
		return g_strdup("none: devid ca add --name NAME FILE makes one");
	if (devid_account_state(account) == DEVID_ACCOUNT_UNUSABLE)
		return g_strdup_printf("broken: %s", devid_account_problem(account));
	return g_strdup_printf("%s: %zu signing certificate%s, OnUse=%s",
			       devid_account_folder(account), count, count == 1 ? "" : "s",
			       account_on_use_word(account));
}

static void print_identities(const struct identity_list *list, struct accounts *accounts)
{
	if (identity_list_count(list) == 0)
		table_field("identities", "none yet: devid import-cert FILE.p12");
	for (size_t i = 0; i < identity_list_count(list); i++) {
		const struct identity *identity = identity_list_get(list, i);
		struct devid_account *account =
			verdict_accounts_get(accounts, identity->scope, NULL);
		g_autoptr(devid_verdict) verdict =
			!account ? NULL : verdict_assess(identity, account, NULL);
		g_autofree char *days = identity->chain_count == 0
						? g_strdup("no certificate")
						: moment_days(gnutls_x509_crt_get_expiration_time(
								      identity->chain[0]),
							      time(NULL));
		g_autofree char *line = g_strdup_printf(
			"%s (%s, %s): check %s, %s", identity->record->label,
			identity->scope == SCOPE_SYSTEM ? "system" : "user",
			identity->record->store, !verdict ? "failed" : verdict_word(verdict), days);

		table_field(i == 0 ? "identities" : "", line);
	}
}

static void warn_of_expiry(const struct identity_list *list, struct accounts *accounts)
{
	time_t now = time(NULL);

	for (size_t i = 0; i < identity_list_count(list); i++) {
		const struct identity *identity = identity_list_get(list, i);
		const struct devid_account *account =
			verdict_accounts_get(accounts, identity->scope, NULL);
		time_t ends = identity->chain_count == 0
				      ? 0
				      : gnutls_x509_crt_get_expiration_time(identity->chain[0]);
		g_autofree char *days = moment_days(ends, now);

		if (identity->chain_count > 0 && account && describe_ends_soon(ends, now, account))
			report_warning("%s: %s", identity->record->label, days);
	}
}

static void identities_json(JsonBuilder *builder, const struct identity_list *list,
			    struct accounts *accounts)
{
	json_begin_array(builder, "identities");
	for (size_t i = 0; i < identity_list_count(list); i++) {
		const struct identity *identity = identity_list_get(list, i);
		struct devid_account *account =
			verdict_accounts_get(accounts, identity->scope, NULL);
		g_autoptr(devid_verdict) verdict =
			!account ? NULL : verdict_assess(identity, account, NULL);

		json_builder_begin_object(builder);
		json_identity(builder, identity);
		if (verdict)
			json_verdict(builder, "check", verdict);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
}

static void agent_json(JsonBuilder *builder, const char *name, const struct agent_look *state)
{
	json_begin_object(builder, name);
	json_flag(builder, "running", state->running);
	json_text(builder, "problem", state->problem);
	json_builder_set_member_name(builder, "status");
	if (state->status)
		json_builder_add_value(builder,
				       json_node_copy(json_parser_get_root(state->parser)));
	else
		json_builder_add_null_value(builder);
	json_builder_end_object(builder);
}

struct glance {
	struct agent_look agents[2]; /* by enum scope */
	struct identity_list *list;
	struct accounts accounts;
	char *keyring, *keyring_state;
	struct devid_office_report *network; /* NULL: the account has no office */
};

static void print_network(const struct devid_office_report *network)
{
	g_autofree char *words = NULL;

	if (!network)
		return;
	if (network->office)
		words = g_strdup_printf("office %s", network->office);
	else
		words = g_strdup_printf("%s, not the office (%s)",
					devid_origin_name(network->origin), network->message);
	table_field("network", words);
}

static void network_json(JsonBuilder *builder, const struct devid_office_report *network)
{
	if (!network) {
		json_text(builder, "network", NULL);
		return;
	}
	json_begin_object(builder, "network");
	json_text(builder, "origin", devid_origin_name(network->origin));
	json_text(builder, "office", network->office);
	json_text(builder, "message", network->message);
	json_builder_end_object(builder);
}

static void print_text(struct glance *glance, const struct devid_account *account)
{
	g_autofree char *user = agent_words(&glance->agents[SCOPE_USER], SCOPE_USER);
	g_autofree char *system = agent_words(&glance->agents[SCOPE_SYSTEM], SCOPE_SYSTEM);
	g_autofree char *words = account_words(account);

	print_line(stdout, "devid %s", DEVID_VERSION);
	table_field("agent", user);
	table_field("machine's", system);
	table_field("keyring", glance->keyring);
	table_field("account", words);
	print_network(glance->network);
	print_identities(glance->list, &glance->accounts);
	print_connections();
	warn_of_expiry(glance->list, &glance->accounts);
	remarks_tell_signing(account);
}

static void print_json(struct glance *glance, const struct devid_account *account)
{
	g_autoptr(JsonBuilder) builder = json_begin();

	json_text(builder, "version", DEVID_VERSION);
	agent_json(builder, "agent", &glance->agents[SCOPE_USER]);
	agent_json(builder, "system_agent", &glance->agents[SCOPE_SYSTEM]);
	json_begin_object(builder, "keyring");
	json_text(builder, "state", glance->keyring_state);
	json_text(builder, "message", glance->keyring);
	json_builder_end_object(builder);
	json_begin_object(builder, "account");
	json_text(builder, "state", account_state_word(account));
	json_text(builder, "folder", devid_account_folder(account));
	json_text(builder, "problem", devid_account_problem(account));
	json_number(builder, "signing", (gint64)devid_account_signing_count(account));
	json_builder_end_object(builder);
	network_json(builder, glance->network);
	identities_json(builder, glance->list, &glance->accounts);
	connections_json(builder);
	report_builder(builder);
}

static void glance_clear(struct glance *glance)
{
	agent_look_clear(&glance->agents[SCOPE_USER]);
	agent_look_clear(&glance->agents[SCOPE_SYSTEM]);
	identity_list_free(glance->list);
	devid_office_free(glance->network);
	verdict_accounts_clear(&glance->accounts);
	g_free(glance->keyring);
	g_free(glance->keyring_state);
}

/* Nothing is stored: another store is no way out. */
static const struct {
	const char *reason, *hint;
} storage_key_hints[] = {
	{ "tpm-denied", "as root: devid status --tpm-public" },
	{ "tpm-missing", "switch it on in the firmware's settings" },
	{ "tpm-part", "install it with the TSS libraries (tpm2-tss)" },
};

/* Whoever may open the TPM can tell: there is one storage key, whosever keys are below it. */
static bool ask_storage_key(struct wire_frame *reply, GError **error)
{
	AUTO_CLIENT struct client client = CLIENT_INIT;
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT;
	GError *problem = NULL;
	const char *hint;

	wire_begin(&request, WIRE_STATUS);
	wire_put_u32(&request, TAG_FLAGS, STATUS_STORAGE_KEY);
	if (agent_connect(&client, SCOPE_USER, CLIENT_START, &problem) &&
	    agent_ask(&client, &request, reply, &problem))
		return true;
	hint = devid_error_hint(problem);
	for (gsize i = 0; i < G_N_ELEMENTS(storage_key_hints); i++)
		if (strcmp(devid_error_reason(problem), storage_key_hints[i].reason) == 0)
			hint = storage_key_hints[i].hint;
	devid_error_set(error, devid_error_result(problem), devid_error_reason(problem), hint, "%s",
			problem->message);
	g_clear_error(&problem);
	return false;
}

static bool print_tpm_public(GError **error)
{
	AUTO_FRAME struct wire_frame reply = WIRE_FRAME_INIT;
	AUTO_FREE char *pem = NULL;
	g_autoptr(JsonBuilder) builder = NULL;

	if (!ask_storage_key(&reply, error))
		return false;
	pem = wire_get_text(&reply, TAG_STORAGE_KEY);
	if (!pem)
		return devid_error_set(error, DEVID_FAILED, NULL,
				       "end the agent that runs: it is of an older version",
				       "agent: it does not know the TPM's storage key");
	if (!options.json)
		return output_write(NULL, pem, error);
	builder = json_begin();
	json_text(builder, "tpm_public", pem);
	report_builder(builder);
	return true;
}

static enum exit_status run(char **operands, GError **error)
{
	__attribute__((cleanup(glance_clear))) struct glance glance = { .list = NULL };
	const struct devid_account *account;

	if (options.tpm_public)
		return print_tpm_public(error) ? EXIT_DONE : EXIT_FAILED;
	if (options.watch)
		return watch(options.json);
	glance.list = identity_list_load(true, true, error);
	account = !glance.list ? NULL : verdict_accounts_get(&glance.accounts, SCOPE_USER, error);
	if (!account)
		return EXIT_FAILED;
	agent_look(SCOPE_USER, CLIENT_NO_START, &glance.agents[SCOPE_USER]);
	agent_look(SCOPE_SYSTEM, CLIENT_NO_START, &glance.agents[SCOPE_SYSTEM]);
	glance.keyring = keyring_words(&glance.agents[SCOPE_USER], &glance.keyring_state);
	if (devid_account_office_count(account) > 0 &&
	    devid_office_find(account, DEVID_OFFICE_PROBE, &glance.network) != DEVID_OK)
		glance.network = NULL;
	if (options.json)
		print_json(&glance, account);
	else
		print_text(&glance, account);
	return EXIT_DONE;
}

const struct command command_status = {
	.name = "status",
	.summary = "Show agent, keyring, account, identities at a glance",
	.about = "Show agent, keyring, account, identities and connections at a glance. Starts "
		 "nothing.",
	.entries = entries,
	.run = run,
};
