/* devid list: the identities on both tokens, and on foreign ones named by URI. */
#include <string.h>

#include "describe.h"
#include "selection.h"
#include "table.h"

static const char *const headings[] = { "LABEL",   "TOKEN", "STORE", "COPIED BY", "KEY",
					"EXPIRES", "LEFT",  "CHECK", NULL };
enum { COLUMN_LEFT = 6, COLUMN_CHECK = 7 };

static void empty_state(void)
{
	puts("no device identity here yet.");
	fflush(stdout);
	report_hint("devid import-cert FILE.p12");
}

static void add_certificate(struct table *table, const struct identity *identity,
			    const struct devid_account *account,
			    const struct devid_verdict *verdict)
{
	gnutls_x509_crt_t leaf = identity->chain[0];
	time_t ends = gnutls_x509_crt_get_expiration_time(leaf), now = time(NULL);
	int days = days_left(ends, now);
	bool soon = ends_soon(ends, now, account);
	g_autofree char *key = describe_key(leaf), *date = describe_date(ends);
	g_autofree char *issuer = describe_issuer(leaf);
	g_autofree char *issuer_line = g_strdup_printf("issuer %s", issuer);
	g_autofree char *left = days < 0 ? g_strdup("over") : g_strdup_printf("%d d", days);
	const char *cells[] = { identity->record->label,
				identity->foreign		? identity->token
				: identity->half == HALF_SYSTEM ? "system"
								: "user",
				identity->record->store,
				describe_copier(identity),
				key,
				date,
				left,
				verdict_word(verdict) };

	table_row(table, cells);
	if (soon)
		table_colour(table, COLUMN_LEFT, days < 0 ? COLOUR_BAD : COLOUR_WARN);
	table_colour(table, COLUMN_CHECK, verdict_colour(verdict));
	table_line(table, issuer_line, false);
	table_line(table, identity->uri, true);
	if (soon) {
		g_autofree char *when = describe_days(ends, now);
		g_autofree char *line = g_strdup_printf("warning: %s", when);

		table_line(table, line, false);
	}
	if (verdict->message != NULL) {
		g_autofree char *line = g_strdup_printf("check: %s", verdict->message);

		table_line(table, line, false);
	}
}

static void add_lone_key(struct table *table, const struct identity *identity)
{
	const char *cells[] = { identity->record->label,
				identity->half == HALF_SYSTEM ? "system" : "user",
				identity->record->store,
				describe_copier(identity),
				"",
				"",
				"",
				"no cert" };

	table_row(table, cells);
	table_line(table, "a private key alone: its certificate is yet to come", false);
	table_line(table, identity->uri, true);
}

/* The one that is used where none is named: told where there is a choice. */
static size_t find_chosen(const struct identity_list *list, bool system, struct accounts *accounts,
			  GError **error)
{
	const struct selection_gateway any = { NULL, 0 };

	return selection_choose(list, system, &any, accounts, error);
}

static enum exit_status print(const struct identity_list *list, bool system, bool foreign,
			      bool json)
{
	AUTO_ACCOUNTS struct accounts accounts = { { NULL } };
	AUTO_TABLE struct table *table = table_new(headings);
	g_autoptr(JsonBuilder) builder = json_builder_new();
	g_autoptr(GError) error = NULL;
	size_t chosen = SELECTION_NONE;

	if (!foreign)
		chosen = find_chosen(list, system, &accounts, &error);
	if (error != NULL)
		return report_error(&error, json);
	json_builder_begin_object(builder);
	json_builder_set_member_name(builder, "identities");
	json_builder_begin_array(builder);
	for (size_t i = 0; i < identity_list_count(list); i++) {
		const struct identity *identity = identity_list_get(list, i);
		struct devid_account *account = accounts_get(&accounts, identity->half, &error);
		g_autoptr(devid_verdict) verdict =
			account == NULL ? NULL : assess(identity, account, &error);

		if (verdict == NULL)
			return report_error(&error, json);
		json_builder_begin_object(builder);
		json_identity(builder, identity);
		json_verdict(builder, "check", verdict);
		json_flag(builder, "chosen", i == chosen);
		json_builder_end_object(builder);
		if (identity->chain_count > 0)
			add_certificate(table, identity, account, verdict);
		else
			add_lone_key(table, identity);
		if (i == chosen && identity_list_count(list) > 1)
			table_line(table, "* chosen where none is named", false);
	}
	json_builder_end_array(builder);
	if (json)
		json_print(builder);
	else if (identity_list_count(list) == 0)
		empty_state();
	else
		table_print(table, stdout);
	return EXIT_DONE;
}

enum exit_status command_list(int argc, char **argv)
{
	gboolean json = FALSE, user = FALSE, system = FALSE;
	const GOptionEntry entries[] = {
		{ "user", 0, 0, G_OPTION_ARG_NONE, &user, "Only your own token", NULL },
		{ "system", 0, 0, G_OPTION_ARG_NONE, &system, "Only the machine's token", NULL },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &json, "Print a JSON object", NULL },
		{ NULL },
	};
	g_autoptr(identity_list) list = NULL;
	g_autoptr(GError) error = NULL;
	enum exit_status status;
	bool done, foreign;

	if (!options_parse(
		    &argc, &argv, "[URI…]",
		    "List the device identities on your own token and on the machine's, or on "
		    "the foreign tokens that are named by a PKCS#11 URI.",
		    NULL, entries, &done, &status) ||
	    done)
		return status;
	foreign = argc > 1;
	for (int i = 1; i < argc; i++)
		if (!g_str_has_prefix(argv[i], "pkcs11:"))
			return report_usage(
				"list",
				"%s: not a PKCS#11 URI (devid show LABEL tells of one identity)",
				argv[i]);
	if (foreign && (user || system))
		return report_usage("list", "--user and --system don't go with a URI");
	list = identity_list_load(!foreign && (user || !system), !foreign && (system || !user),
				  &error);
	for (int i = 1; list != NULL && i < argc; i++)
		if (!identity_list_add_foreign(list, argv[i], &error))
			break;
	if (error != NULL)
		return report_error(&error, json);
	return print(list, system && !user, foreign, json);
}
