/* devid list: the identities on both tokens, and on foreign ones named by URI. */
#include <string.h>

#include "all-users.h"
#include "describe.h"
#include "identity-list.h"
#include "selection.h"
#include "table.h"

static const char *const headings[] = { "LABEL",   "TOKEN", "STORE", "COPIED BY", "KEY",
					"EXPIRES", "LEFT",  "CHECK", NULL };
static const char *const headings_all[] = { "LABEL",   "USER", "STORE", "COPIED BY", "KEY",
					    "EXPIRES", "LEFT", "CHECK", NULL };
enum { COLUMN_LEFT = 6, COLUMN_CHECK = 7 };

struct listing {
	gboolean json, user, system, all;
	bool foreign;
	struct identity_list *list;
};

/* What the second column says. */
static const char *whose(const struct identity *identity)
{
	return identity->foreign	       ? identity->token
	       : identity->user != NULL	       ? identity->user
	       : identity->half == HALF_SYSTEM ? "system"
					       : "user";
}

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
	const char *copier = describe_copier(identity);
	const char *cells[] = { identity->record->label,
				whose(identity),
				identity->record->store,
				copier == NULL ? "" : copier,
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
	g_autofree char *key = describe_lone_key(identity);
	const char *cells[] = { identity->record->label,
				whose(identity),
				identity->record->store,
				describe_copier(identity),
				key,
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

/* Other users are judged by the machine's account: their own is nothing that root goes by. */
static struct devid_account *account_of(struct accounts *accounts, const struct identity *identity,
					GError **error)
{
	return accounts_get(accounts, identity->user != NULL ? HALF_SYSTEM : identity->half, error);
}

static enum exit_status print(const struct listing *listing)
{
	const struct identity_list *list = listing->list;
	bool json = listing->json;
	AUTO_ACCOUNTS struct accounts accounts = { { NULL } };
	AUTO_TABLE struct table *table = table_new(listing->all ? headings_all : headings);
	g_autoptr(JsonBuilder) builder = json_builder_new();
	g_autoptr(GError) error = NULL;
	size_t chosen = SELECTION_NONE;

	if (!listing->foreign && !listing->all)
		chosen = find_chosen(list, listing->system && !listing->user, &accounts, &error);
	if (error != NULL)
		return report_error(&error, json);
	json_builder_begin_object(builder);
	json_builder_set_member_name(builder, "identities");
	json_builder_begin_array(builder);
	for (size_t i = 0; i < identity_list_count(list); i++) {
		const struct identity *identity = identity_list_get(list, i);
		struct devid_account *account = account_of(&accounts, identity, &error);
		g_autoptr(devid_verdict) verdict =
			account == NULL ? NULL : assess(identity, account, &error);

		if (verdict == NULL)
			return report_error(&error, json);
		json_builder_begin_object(builder);
		json_identity(builder, identity);
		json_verdict(builder, "check", verdict);
		if (listing->all)
			json_text(builder, "user", identity->user);
		else
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

static void add_record(const struct user_home *user, struct record *record, void *data)
{
	struct listing *listing = data;

	identity_list_append_user(listing->list, record, user->name);
}

static void add_trouble(const struct user_home *user, const char *why, void *data)
{
	(void)data;
	report_warning("%s: %s; skipped", user->name, why);
}

static gboolean load(struct listing *listing, char **uris, GError **error)
{
	bool both = listing->user == listing->system;
	const struct all_users walk = { add_record, add_trouble, listing };

	listing->list =
		identity_list_load(!listing->foreign && !listing->all && (both || listing->user),
				   !listing->foreign && (both || listing->system), error);
	if (listing->list == NULL)
		return FALSE;
	for (size_t i = 0; uris[i] != NULL; i++)
		if (!identity_list_add_foreign(listing->list, uris[i], error))
			return FALSE;
	return !listing->all || all_users_walk(&walk, error);
}

static enum exit_status list(struct listing *listing, char **uris)
{
	GError *error = NULL;
	enum exit_status status =
		load(listing, uris, &error) ? print(listing) : report_error(&error, listing->json);

	identity_list_free(listing->list);
	return status;
}

enum exit_status command_list(int argc, char **argv)
{
	struct listing listing = { 0 };
	const GOptionEntry entries[] = {
		{ "user", 0, 0, G_OPTION_ARG_NONE, &listing.user, "Only your own token", NULL },
		{ "system", 0, 0, G_OPTION_ARG_NONE, &listing.system, "Only the machine's token",
		  NULL },
		{ "all-users", 0, 0, G_OPTION_ARG_NONE, &listing.all,
		  "Every user's and the machine's, without their keys (root)", NULL },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &listing.json, "Print a JSON object", NULL },
		{ NULL },
	};
	enum exit_status status;
	bool done;

	if (!options_parse(
		    &argc, &argv, "[URI…]",
		    "List the device identities on your own token and on the machine's, or on "
		    "the foreign tokens that are named by a PKCS#11 URI.",
		    NULL, entries, &done, &status) ||
	    done)
		return status;
	listing.foreign = argc > 1;
	for (int i = 1; i < argc; i++)
		if (!g_str_has_prefix(argv[i], "pkcs11:"))
			return report_usage(
				"list",
				"%s: not a PKCS#11 URI (devid show LABEL tells of one identity)",
				argv[i]);
	if (listing.foreign && (listing.user || listing.system || listing.all))
		return report_usage("list", "--user, --system, --all-users don't go with a URI");
	if (listing.all && (listing.user || listing.system))
		return report_usage("list", "--all-users goes without --user and --system");
	return list(&listing, argv + 1);
}
