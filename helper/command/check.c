/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid check: the chain check, offline; with --server a TLS handshake with the key as well. */
#include <string.h>
#include <unistd.h>
#include <devid/event.h>

#include "account/remark.h"
#include "base/error.h"
#include "base/json-build.h"
#include "base/moment.h"
#include "base/text.h"
#include "command/admin/policy-load.h"
#include "command/check/warnings.h"
#include "command/check/policy.h"
#include "command/check/probe.h"
#include "command/check/attempt.h"
#include "command/check/remarks.h"
#include "command/check/server-words.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "command/cli/table.h"
#include "identity/naming.h"
#include "identity/describe.h"
#include "identity/json.h"
#include "identity/list.h"
#include "identity/choice-store.h"
#include "identity/choice.h"
#include "identity/verdict.h"
#include "command.h"

static struct {
	struct naming naming;
	char *server, *ca_file;
	gboolean json, quiet, notify;
} options;

static const GOptionEntry entries[] = {
	{ "server", 0, 0, G_OPTION_ARG_STRING, &options.server,
	  "Also make a TLS handshake with this server", "HOST:PORT" },
	{ "ca-file", 0, 0, G_OPTION_ARG_FILENAME, &options.ca_file,
	  "PEM file of the CAs that the server's certificate is checked with (default: the "
	  "system's)",
	  "FILE" },
	NAMING_OPTIONS(options.naming),
	{ "quiet", 'q', 0, G_OPTION_ARG_NONE, &options.quiet,
	  "Print nothing: the exit status tells", NULL },
	{ "notify", 0, 0, G_OPTION_ARG_NONE, &options.notify,
	  "Notify on the desktop of what fails or expires soon, once a day", NULL },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print a JSON object", NULL },
	{ NULL },
};

struct check {
	struct naming naming;
	struct accounts accounts;
	struct check_places places;
	struct devid_decision *alone; /* the policy's, where there is no identity; or NULL */
	struct server_report address; /* of --server: host and port alone */
	struct warnings *warnings;    /* NULL but with --notify */
	bool looked;		      /* there was an identity to check */
	JsonBuilder *builder;
	enum exit_status status; /* the first that was not EXIT_DONE */
	GError *first;		 /* what made it so */
};

static void write_event(const struct identity *identity, const struct devid_verdict *verdict)
{
	struct devid_event event = {
		.type = DEVID_EVENT_DEVICE_CERTIFICATE,
		.sub_type = "Local Check",
		.label = !identity ? NULL : identity->record->label,
		.certificate = !identity || identity->chain_count == 0 ? NULL : identity->chain[0],
	};
	bool system = identity && identity->scope == SCOPE_SYSTEM && geteuid() == 0;

	devid_event_from_verdict(&event, verdict);
	/* A log that can't be written is told on syslog; the check stands. */
	(void)devid_event_write(system, &event);
}

/* What is wrong as an error, with the identity's label in front; NULL: nothing. What the account's
 * policy decides stands above what the check of the certificate says.
 */
static GError *failure_of(const struct identity *identity, const struct devid_verdict *verdict,
			  const struct devid_decision *decision)
{
	const char *label = !identity ? NULL : identity->record->label;
	enum devid_result result = !decision ? verdict->result : decision->result;
	const char *message = !decision ? verdict->message : decision->message;
	GError *error = NULL;

	if (result == DEVID_OK)
		return NULL;
	devid_error_set(&error, result, !decision ? verdict->reason : decision->reason,
			!decision ? verdict->hint : decision->hint, "%s%s%s", label ? label : "",
			label ? ": " : "", message ? message : devid_reason_for(result)->cause);
	devid_error_set_brackets(error, !decision ? verdict->brackets : decision->brackets);
	return error;
}

/* Remembers the first failure, and tells it but with --json or --quiet. */
static void failed(struct check *check, GError *error)
{
	enum exit_status status = report_exit_status(devid_error_result(error));

	if (!check->first) {
		check->status = status;
		check->first = g_error_copy(error);
	}
	if (options.json || options.quiet)
		g_error_free(error);
	else
		report_error(&error, false);
}

/* "LABEL: ok: WORDS", and what there is to warn of. */
static void print_ok(const struct identity *identity, const char *words)
{
	g_autofree char *label = text_printable(!identity ? "check" : identity->record->label);
	g_autoptr(GString) text = g_string_new(NULL);

	table_wrap(text, words, table_width(label) + (int)strlen(": ok: "), 2, table_columns());
	print_piece(stdout, COLOUR_PLAIN, "%s: ", label);
	print_piece(stdout, COLOUR_GOOD, "ok");
	print_piece(stdout, COLOUR_PLAIN, ": ");
	print_lines(stdout, COLOUR_PLAIN, text->str);
}

static void print_passed(const struct identity *identity, const struct devid_account *account,
			 const struct devid_verdict *verdict, const struct devid_decision *decision,
			 const GPtrArray *remarks)
{
	bool dated = identity && identity->chain_count > 0;
	time_t ends = dated ? gnutls_x509_crt_get_expiration_time(identity->chain[0]) : 0;
	time_t now = time(NULL);
	g_autofree char *days = moment_days(ends, now), *date = moment_date(ends);
	g_autofree char *allowed = !decision ? NULL : policy_allowed_words(decision);
	g_autoptr(GString) words = g_string_new(NULL);

	if (verdict->result == DEVID_OK)
		g_string_printf(words,
				"accepted through signing certificate %s; valid until %s, %s",
				verdict->signing_name ? verdict->signing_name : "of the account",
				date, days);
	if (allowed && *allowed != '\0')
		g_string_append_printf(words, "%s%s", words->len > 0 ? "; " : "", allowed);
	print_ok(identity, words->str);
	if (verdict->result != DEVID_OK && identity)
		report_warning("%s: %s", identity->record->label,
			       verdict->message ? verdict->message
						: devid_reason_for(verdict->result)->cause);
	if (dated && describe_ends_soon(ends, now, account))
		report_warning("%s: %s", identity->record->label, days);
	remarks_tell(!identity ? NULL : identity->record->label, remarks);
}

static void policy_json(JsonBuilder *builder, const struct devid_decision *decision)
{
	json_begin_object(builder, "policy");
	policy_decision_json(builder, decision);
	json_builder_end_object(builder);
}

/* One identity, or with NULL that there is none. */
static bool check_offline(struct check *check, const struct identity *identity, GError **error)
{
	enum scope scope = !identity ? (check->naming.system && !check->naming.user ? SCOPE_SYSTEM
										    : SCOPE_USER)
				     : identity->scope;
	struct devid_account *account = verdict_accounts_get(&check->accounts, scope, error);
	g_autoptr(devid_verdict) verdict = NULL;
	g_autoptr(devid_decision) decision = NULL;
	g_autoptr(GPtrArray) remarks = NULL;
	GError *failure = NULL;

	if (!account)
		return false;
	remarks = remark_find(account, !identity ? NULL : identity->chain,
			      !identity ? 0 : identity->chain_count);
	verdict = verdict_assess(identity, account, error);
	if (!verdict)
		return false;
	decision = check_policy(&check->places, scope, account, verdict, error);
	if (!decision && *error)
		return false;
	failure = failure_of(identity, verdict, decision);
	/* A timer that finds no identity has nothing to say. */
	if (identity || !check->warnings)
		write_event(identity, verdict);
	if (decision && (identity || !check->warnings))
		check_policy_event(identity, decision);
	if (identity) {
		json_identity(check->builder, identity);
		json_verdict(check->builder, "check", verdict);
		remarks_json(check->builder, remarks);
		if (decision)
			policy_json(check->builder, decision);
		check->looked = true;
	}
	if (identity && check->warnings && (failure || identity->chain_count > 0))
		warnings_identity(check->warnings, identity, account, verdict, failure);
	if (failure)
		failed(check, failure);
	else if (!options.json && !options.quiet)
		print_passed(identity, account, verdict, decision, remarks);
	if (!identity)
		check->alone = g_steal_pointer(&decision);
	return true;
}

static void print_issuers(const struct server_report *report)
{
	if (!report->asked)
		return;
	if (report->issuers->len == 0)
		table_field("accepts", "it names no issuers: any, or it decides later");
	for (guint i = 0; i < report->issuers->len; i++)
		table_field(i == 0 ? "accepts" : "", g_ptr_array_index(report->issuers, i));
	if (report->issuers->len > 0)
		table_field(
			"",
			report->ours_named
				? "(ours is among them)"
				: "(ours is NOT among them: many programs then send no certificate "
				  "at all)");
}

static void print_server(const struct server_report *report, const char *words)
{
	g_autofree char *protocol = g_strdup_printf("%s, %s", report->version, report->cipher);

	print_line(stdout, strchr(report->host, ':') ? "server [%s]:%u" : "server %s:%u",
		   report->host, report->port);
	if (report->version)
		table_field("protocol", report->cipher ? protocol : report->version);
	if (report->trusted >= 0)
		table_field("server cert", report->trusted    ? "trusted"
					   : report->distrust ? report->distrust
							      : "NOT trusted");
	print_issuers(report);
	if (report->result == DEVID_OK)
		table_field("outcome", words);
}

static void server_json(JsonBuilder *builder, const struct server_report *report, const char *words)
{
	json_begin_object(builder, "server");
	json_text(builder, "host", report->host);
	json_number(builder, "port", report->port);
	json_text(builder, "outcome", server_outcome_word(report->outcome));
	json_text(builder, "message", words);
	json_text(builder, "protocol", report->version);
	json_text(builder, "cipher", report->cipher);
	json_flag(builder, "asked", report->asked);
	json_texts(builder, "issuers", report->issuers);
	json_flag(builder, "ours_named", report->ours_named);
	json_text(builder, "alert", report->alert);
	json_text(builder, "detail", report->detail);
	if (report->trusted < 0)
		json_text(builder, "trusted", NULL);
	else
		json_flag(builder, "trusted", report->trusted);
	json_text(builder, "distrust", report->distrust);
	json_builder_end_object(builder);
}

static const char *server_hint(const struct server_report *report)
{
	if (report->result != DEVID_CHECK_FAILED)
		return NULL;
	return report->issuers->len > 0 && !report->ours_named
		       ? "it wants a certificate of one of the issuers above"
		       : "the server's log says why";
}

/* For the next time that no label is given. That it can't be written is no failure of the check. */
static void remember(const struct check *check, const struct identity *identity)
{
	const struct choice_gateway gateway = { check->address.host, check->address.port };
	g_autofree char *key = choice_key(identity);
	g_autoptr(GError) error = NULL;

	if (key && !choice_remember(&gateway, key, time(NULL), &error) && !options.quiet)
		report_warning("%s: which identity it took is not remembered: %s", options.server,
			       error->message);
}

static bool check_online(struct check *check, const struct identity *identity, GError **error)
{
	AUTO_SERVER_REPORT struct server_report report = { 0 };
	g_autofree char *words = NULL;

	if (!check_server(options.server, options.ca_file, identity, &report, error))
		return false;
	words = server_report_words(&report);
	server_json(check->builder, &report, words);
	if (!options.json && !options.quiet)
		print_server(&report, words);
	if (report.trusted == 0 && !options.quiet && !options.json)
		report_warning("the server's own certificate is not trusted: %s",
			       report.distrust ? report.distrust : "unknown");
	if (report.outcome == SERVER_ACCEPTED)
		remember(check, identity);
	if (report.result != DEVID_OK) {
		GError *refusal = NULL;

		devid_error_set(&refusal, report.result, server_outcome_reason(report.outcome),
				server_hint(&report), "%s: %s", options.server, words);
		failed(check, refusal);
	}
	return true;
}

/* The object that --json prints begins as every failure's does. */
static void print_result(struct check *check)
{
	const GError *first = check->first;
	JsonBuilder *builder = check->builder;

	json_builder_end_array(builder);
	if (check->alone)
		policy_json(builder, check->alone);
	report_outcome(builder, first);
	json_text(builder, "brackets", !first ? NULL : devid_error_brackets(first));
	report_builder(builder);
}

static bool check_one(struct check *check, const struct identity *identity, GError **error)
{
	bool ok;

	if (!identity)
		return check_offline(check, NULL, error);
	json_builder_begin_object(check->builder);
	ok = check_offline(check, identity, error);
	if (ok && options.server && identity->chain_count > 0)
		ok = check_online(check, identity, error);
	json_builder_end_object(check->builder);
	return ok;
}

/* The one that would be chosen for the server. */
static bool check_chosen(struct check *check, GError **error)
{
	const struct choice_gateway gateway = { check->address.host, check->address.port };
	const struct identity *identity;

	return choice_make(check->naming.list, check->naming.system, &gateway, &check->accounts,
			   &identity, error) &&
	       check_one(check, identity, error);
}

/* Without a label: all of the user's own, for whichever a client picks is to be good; the machine's
 * where there are none, or on request.
 */
static bool check_all(struct check *check, GError **error)
{
	size_t count, meant = 0;

	if (!naming_load(&check->naming, error))
		return false;
	count = identity_list_count(check->naming.list);
	if (options.server && count > 1)
		return check_chosen(check, error);
	for (size_t i = 0; i < count; i++) {
		const struct identity *identity = identity_list_get(check->naming.list, i);

		if (!choice_is_meant(check->naming.list, check->naming.system, identity))
			continue;
		meant++;
		if (!check_one(check, identity, error))
			return false;
	}
	return meant > 0 || check_one(check, NULL, error);
}

/* Each account's once: both halves may have the same one. */
static void look_at_signing(struct check *check)
{
	const struct devid_account *user = check->accounts.of[SCOPE_USER];
	const struct devid_account *system = check->accounts.of[SCOPE_SYSTEM];
	const struct devid_account *accounts[] = { user, system };

	if (user && system && strcmp(devid_account_folder(user), devid_account_folder(system)) == 0)
		accounts[1] = NULL;
	for (size_t i = 0; i < G_N_ELEMENTS(accounts) && check->looked; i++) {
		if (accounts[i] && check->warnings)
			warnings_signing(check->warnings, accounts[i]);
		if (accounts[i] && !options.json && !options.quiet)
			remarks_tell_signing(accounts[i]);
	}
}

static bool check_named(struct check *check, const char *operand, GError **error)
{
	const struct identity *identity;

	if (options.server && !attempt_parse_address(options.server, &check->address, error))
		return false;
	if (!operand)
		return check_all(check, error);
	identity = naming_identity(&check->naming, operand, error);
	return identity && check_one(check, identity, error);
}

static enum exit_status check_report(struct check *check, const char *operand, GError **error)
{
	bool ok;

	json_begin_array(check->builder, "identities");
	ok = check_named(check, operand, error);
	look_at_signing(check);
	if (check->warnings)
		warnings_tell(check->warnings);
	if (ok && options.json)
		print_result(check);
	if (!ok && options.quiet) {
		check->status = report_exit_status(devid_error_result(*error));
		g_clear_error(error);
	}
	return check->status;
}

static enum exit_status run(char **operands, GError **error)
{
	struct check check = { .naming = options.naming };
	enum exit_status status;

	if (options.ca_file && !options.server)
		return report_usage("check", "--ca-file goes with --server");
	check.warnings = options.notify ? warnings_new() : NULL;
	check.builder = json_begin();
	status = check_report(&check, operands[0], error);
	g_object_unref(check.builder);
	g_clear_error(&check.first);
	probe_report_clear(&check.address);
	warnings_free(check.warnings);
	devid_decision_free(check.alone);
	naming_clear(&check.naming);
	verdict_accounts_clear(&check.accounts);
	return status;
}

const struct command command_check = {
	.name = "check",
	.arguments = "[LABEL|URI]",
	.summary = "Check whether the account accepts the certificate",
	.about =
		"Check whether the account accepts the device certificate. Without a label: each of "
		"your own, or the machine's where you have none; with --server, the one that is "
		"chosen for it. Nothing is sent anywhere but with --server.",
	.description =
		"Exit status: 0 accepted, 1 failed, 3 certificate error or refused by the\n"
		"server, 4 blocked by a rule of the account, 5 the key's store could not be\n"
		"opened, 6 no account to check against.",
	.entries = entries,
	.operands = { 0, 1 },
	.run = run,
};
