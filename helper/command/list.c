/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid list: the identities on both tokens, and on foreign ones named by URI. */

#include "base/certificate.h"
#include "base/json-build.h"
#include "base/moment.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "command/cli/table.h"
#include "identity/all-users.h"
#include "identity/describe.h"
#include "identity/foreign.h"
#include "identity/json.h"
#include "identity/list.h"
#include "identity/choice-store.h"
#include "identity/choice.h"
#include "identity/verdict.h"
#include "command.h"

enum { COLUMN_LEFT = 6, COLUMN_CHECK = 7 };

static struct {
	gboolean json, user, system, all;
} options;

static const GOptionEntry entries[] = {
	{ "user", 0, 0, G_OPTION_ARG_NONE, &options.user, "Only your own token", NULL },
	{ "system", 0, 0, G_OPTION_ARG_NONE, &options.system, "Only the machine's token", NULL },
	{ "all-users", 0, 0, G_OPTION_ARG_NONE, &options.all,
	  "Every user's and the machine's, without their keys (root)", NULL },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print a JSON object", NULL },
	{ NULL },
};

/* What the second column says. */
static const char *whose(const struct identity *identity)
{
	return identity->foreign		 ? identity->token
	       : identity->user			 ? identity->user
	       : identity->scope == SCOPE_SYSTEM ? "system"
						 : "user";
}

static void empty_state(void)
{
	print_line(stdout, "no device identity here yet.");
	report_hint("devid import-cert FILE.p12");
}

static void add_certificate(struct table *table, const struct identity *identity,
			    const struct devid_account *account,
			    const struct devid_verdict *verdict)
{
	gnutls_x509_crt_t leaf = identity->chain[0];
	time_t ends = gnutls_x509_crt_get_expiration_time(leaf), now = time(NULL);
	int days = moment_days_left(ends, now);
	bool soon = describe_ends_soon(ends, now, account);
	g_autofree char *key = certificate_key(leaf), *date = moment_date(ends);
	g_autofree char *issuer = certificate_issuer(leaf);
	g_autofree char *issuer_line = g_strdup_printf("issuer %s", issuer);
	g_autofree char *left = days < 0 ? g_strdup("over") : g_strdup_printf("%d d", days);
	const char *copier = describe_copier(identity);

	table_cells(table, identity->record->label, whose(identity), identity->record->store,
		    !copier ? "" : copier, key, date, left, verdict_word(verdict));
	if (soon)
		table_colour(table, COLUMN_LEFT, days < 0 ? COLOUR_BAD : COLOUR_WARN);
	table_colour(table, COLUMN_CHECK, report_verdict_colour(verdict));
	table_line(table, issuer_line, false);
	table_line(table, identity->uri, true);
	if (soon) {
		g_autofree char *when = moment_days(ends, now);
		g_autofree char *line = g_strdup_printf("warning: %s", when);

		table_line(table, line, false);
	}
	if (verdict->message) {
		g_autofree char *line = g_strdup_printf("check: %s", verdict->message);

		table_line(table, line, false);
	}
}

static void add_lone_key(struct table *table, const struct identity *identity)
{
	g_autofree char *key = describe_lone_key(identity);

	table_cells(table, identity->record->label, whose(identity), identity->record->store,
		    describe_copier(identity), key, "", "", "no cert");
	table_line(table, "a private key alone: its certificate is yet to come", false);
	table_line(table, identity->uri, true);
}

static void add_authority(struct table *table, const struct identity *identity)
{
	gnutls_x509_crt_t certificate = identity->chain[0];
	time_t ends = gnutls_x509_crt_get_expiration_time(certificate);
	g_autofree char *key = certificate_key(certificate), *date = moment_date(ends);
	g_autofree char *subject = certificate_subject(certificate);
	g_autofree char *line = g_strdup_printf("a CA certificate that another program wrote, no "
						"device identity: %s",
						subject);

	table_cells(table, identity->record->label, whose(identity), identity->record->store, "",
		    key, date, "", "");
	table_line(table, line, false);
	table_line(table, identity->uri, true);
}

/* Other users are judged by the machine's account: their own is nothing that root goes by. */
static struct devid_account *account_of(struct accounts *accounts, const struct identity *identity,
					GError **error)
{
	return verdict_accounts_get(accounts, identity->user ? SCOPE_SYSTEM : identity->scope,
				    error);
}

/* One table or one document, and what the choice among its identities depends on. */
struct view {
	struct identity_list *list;
	bool foreign;	     /* these are on tokens that were named */
	struct table *table; /* or */
	JsonBuilder *builder;
	struct choice_facts *facts;
	char *remembered;
};

/* `verdict` NULL: it is no identity. */
static void add_json(JsonBuilder *builder, const struct identity *identity,
		     const struct devid_verdict *verdict)
{
	json_builder_begin_object(builder);
	json_identity(builder, identity);
	if (verdict)
		json_verdict(builder, "check", verdict);
	if (options.all)
		json_text(builder, "user", identity->user);
	else if (verdict)
		json_flag(builder, "chosen", false);
	json_builder_end_object(builder);
}

/* Each is read, checked and let go before the next. */
static bool add_one(struct view *view, size_t i, struct accounts *accounts, GError **error)
{
	const struct identity *identity = identity_list_get(view->list, i);
	struct devid_account *account = account_of(accounts, identity, error);
	g_autoptr(devid_verdict) verdict =
		!account ? NULL : verdict_assess(identity, account, error);

	if (!verdict)
		return false;
	if (!view->foreign && !options.all &&
	    choice_is_meant(view->list, options.system && !options.user, identity))
		view->facts[i] = choice_find_out(identity, account, verdict, view->remembered);
	if (options.json)
		add_json(view->builder, identity, verdict);
	else if (identity->chain_count > 0)
		add_certificate(view->table, identity, account, verdict);
	else
		add_lone_key(view->table, identity);
	identity_list_done_with(view->list, i);
	return true;
}

/* After the identities, in an array of their own. */
static size_t add_authorities(const struct view *view)
{
	struct identity_list *list = view->list;
	size_t first = identity_list_count(list), added = identity_list_add_authorities(list);

	json_builder_end_array(view->builder);
	json_begin_array(view->builder, "ca_certificates");
	for (size_t i = first; i < first + added; i++) {
		const struct identity *identity = identity_list_get(list, i);

		if (options.json)
			add_json(view->builder, identity, NULL);
		else if (identity->chain_count > 0)
			add_authority(view->table, identity);
		identity_list_done_with(list, i);
	}
	json_builder_end_array(view->builder);
	return added;
}

static void print_json(JsonBuilder *builder, size_t chosen)
{
	JsonNode *root;

	json_builder_end_object(builder);
	root = json_builder_get_root(builder);
	if (chosen != CHOICE_NONE)
		json_object_set_boolean_member(
			json_array_get_object_element(
				json_object_get_array_member(json_node_get_object(root),
							     "identities"),
				(guint)chosen),
			"chosen", true);
	report_json(root);
}

static void print_table(struct table *table, size_t chosen, size_t count, size_t authorities)
{
	/* The one that is used where none is named: told where there is a choice. */
	if (chosen != CHOICE_NONE && count > 1)
		table_line_below(table, (guint)chosen, "* chosen where none is named", false);
	if (count + authorities > 0)
		table_print(table, stdout);
	if (count == 0)
		empty_state();
}

static enum exit_status print(struct identity_list *list, bool foreign, GError **error)
{
	const struct choice_gateway any = { NULL, 0 };
	size_t count = identity_list_count(list), chosen, authorities;
	AUTO_ACCOUNTS struct accounts accounts = { { NULL } };
	AUTO_TABLE struct table *table =
		table_with("LABEL", options.all ? "USER" : "TOKEN", "STORE", "COPIED BY", "KEY",
			   "EXPIRES", "LEFT", "CHECK");
	g_autoptr(JsonBuilder) builder = json_begin();
	g_autofree struct choice_facts *facts = g_new0(struct choice_facts, count + 1);
	g_autofree char *remembered = count > 1 ? choice_recall(&any) : NULL;
	struct view view = { list, foreign, table, builder, facts, remembered };

	json_begin_array(builder, "identities");
	for (size_t i = 0; i < count; i++)
		if (!add_one(&view, i, &accounts, error))
			return EXIT_FAILED;
	chosen = choice_best(facts, count);
	authorities = add_authorities(&view);
	if (options.json)
		print_json(builder, chosen);
	else
		print_table(table, chosen, count, authorities);
	return EXIT_DONE;
}

static void add_record(const struct user_home *user, struct record *record, void *data)
{
	identity_list_append_user(data, record, user->name);
}

static void add_trouble(const struct user_home *user, const char *why, void *data)
{
	report_warning("%s: %s; skipped", user->name, why);
}

/* Of which tokens; a foreign one is named by its URI. */
static struct identity_list *load(char **uris, GError **error)
{
	bool foreign = uris[0] != NULL, both = options.user == options.system;
	g_autoptr(identity_list) list =
		identity_list_load(!foreign && !options.all && (both || options.user),
				   !foreign && (both || options.system), error);
	const struct all_users walk = { add_record, add_trouble, list };

	for (; list && *uris; uris++)
		if (!identity_list_add_foreign(list, *uris, error))
			return NULL;
	if (list && options.all && !all_users_walk(&walk, error))
		return NULL;
	return g_steal_pointer(&list);
}

static enum exit_status list(char **uris, GError **error)
{
	g_autoptr(identity_list) list = NULL;

	for (size_t i = 0; uris[i]; i++)
		if (!g_str_has_prefix(uris[i], "pkcs11:"))
			return report_usage(
				"list",
				"%s: not a PKCS#11 URI (devid show LABEL tells of one identity)",
				uris[i]);
	if (uris[0] && (options.user || options.system || options.all))
		return report_usage("list", "--user, --system, --all-users don't go with a URI");
	if (options.all && (options.user || options.system))
		return report_usage("list", "--all-users goes without --user and --system");
	list = load(uris, error);
	return list ? print(list, uris[0] != NULL, error) : EXIT_FAILED;
}

const struct command command_list = {
	.name = "list",
	.arguments = "[URI…]",
	.summary = "List the device identities",
	.about = "List the device identities on your own token and on the machine's, or on the "
		 "foreign tokens that are named by a PKCS#11 URI.",
	.entries = entries,
	.operands = { 0, OPERANDS_ANY },
	.run = list,
};
