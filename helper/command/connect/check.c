/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is looked at before a connection is made: the office, the identity, the account's check,
 * posture and rules. Nothing goes to the gateway from here.
 */
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <devid/event.h>
#include <devid/reason.h>
#include <devid/here.h>
#include <devid/office.h>

#include "base/error.h"
#include "command/admin/policy-load.h"
#include "command/cli/report.h"
#include "command/vpn/session.h"
#include "identity/naming.h"
#include "identity/list.h"
#include "identity/choice-store.h"
#include "identity/choice.h"
#include "identity/verdict.h"
#include "check.h"
#include "connect.h"

/* Names the office that this network is, in connect->office. */
static bool look_for_office(struct connect *connect, const struct devid_account *account,
			    GError **error)
{
	struct devid_office_report *report = NULL;
	enum devid_result result;

	if (connect->connection->ignore_office || devid_account_office_count(account) == 0)
		return true;
	result = devid_office_find(account, DEVID_OFFICE_PROBE, &report);
	if (result == DEVID_OK && report->origin == DEVID_ORIGIN_OFFICE)
		connect->office = g_strdup(report->office);
	devid_office_free(report);
	if (result != DEVID_OK)
		devid_error_set(error, result, NULL, NULL, "office: %s",
				devid_reason_for(result)->cause);
	return result == DEVID_OK;
}

static bool choose_identity(struct connect *connect, GError **error)
{
	const struct connection *connection = connect->connection;
	const char *label = connect->label ? connect->label : connection->identity;
	const struct choice_gateway gateway = { connection->host, connection->port };

	connect->identity = NULL;
	naming_clear(&connect->naming);
	connect->naming.system = connect->driver->system;
	if (label) {
		connect->identity = naming_identity(&connect->naming, label, error);
		return connect->identity != NULL;
	}
	return naming_load(&connect->naming, error) &&
	       choice_make(connect->naming.list, connect->driver->system, &gateway,
			   &connect->accounts, &connect->identity, error);
}

static void write_event(const struct connect *connect, struct devid_event *event)
{
	const struct identity *identity = connect->identity;
	bool system = identity && identity->scope == SCOPE_SYSTEM && geteuid() == 0;

	event->type = DEVID_EVENT_CONNECTIVITY;
	event->program = connect->connection->client;
	if (identity && identity->chain_count > 0) {
		event->label = identity->record->label;
		event->certificate = identity->chain[0];
	}
	/* A log that can't be written is told on syslog; it stops nothing. */
	(void)devid_event_write(system, event);
}

/* `decision` NULL: it is the verdict's alone. */
static void check_event(const struct connect *connect, const struct devid_verdict *verdict,
			const struct devid_decision *decision)
{
	struct devid_event event = { .sub_type = "Local Check" };

	devid_event_from_verdict(&event, verdict);
	event.action = decision && decision->result == DEVID_OK ? "Allowed" : "Refused";
	if (decision) {
		event.reason = decision->reason;
		event.failure_reason = decision->message;
		event.rule_name = decision->rule;
	}
	write_event(connect, &event);
}

static GError *decision_error(const struct connect *connect, const struct devid_decision *decision)
{
	const char *label = !connect->identity ? connect->connection->gateway
					       : connect->identity->record->label;
	GError *error = NULL;

	devid_error_set(&error, decision->result, decision->reason, decision->hint, "%s: %s", label,
			decision->message ? decision->message
					  : devid_reason_for(decision->result)->cause);
	devid_error_set_brackets(error, decision->brackets);
	return error;
}

/* Where rules refuse: the first that would let in, but for the device's state. */
static char *find_posture(const struct devid_decision *decision)
{
	if (strcmp(decision->reason, "no-rule") != 0 &&
	    strcmp(decision->reason, "rule-blocked") != 0)
		return NULL;
	for (size_t i = 0; i < decision->step_count; i++)
		if (decision->steps[i].posture)
			return g_strdup_printf("rule %s: %s", decision->steps[i].name,
					       decision->steps[i].why);
	return NULL;
}

static bool decide(struct connect *connect, const struct devid_account *account, GError **error)
{
	g_autoptr(devid_verdict) verdict = verdict_assess(connect->identity, account, error);
	g_autoptr(devid_decision) decision = NULL;
	enum devid_result result;

	if (!verdict)
		return false;
	/* Where no certificate is asked for, the client is handed this one all the same. */
	if (verdict->result == DEVID_DENIED) {
		check_event(connect, verdict, NULL);
		devid_error_set_verdict(error, verdict);
		return false;
	}
	result = devid_decide_here(account, g_get_user_name(), DEVID_OFFICE_PROBE, verdict,
				   &decision);
	if (result != DEVID_OK)
		return devid_error_set(error, result, NULL, NULL, "%s: %s",
				       connect->connection->gateway,
				       devid_reason_for(result)->cause);
	check_event(connect, verdict, decision);
	if (decision->result == DEVID_OK)
		return true;
	connect->posture = find_posture(decision);
	g_propagate_error(error, decision_error(connect, decision));
	return false;
}

bool connect_find(struct connect *connect, GError **error)
{
	/* It belongs to the identity that is let go. */
	connect->session.uri = NULL;
	connect->found = time(NULL);
	if (!choose_identity(connect, error))
		return false;
	connect->session.connection = connect->connection;
	connect->session.uri = connect->identity && connect->identity->chain_count > 0
				       ? connect->identity->uri
				       : NULL;
	return true;
}

bool connect_check(struct connect *connect, GError **error)
{
	struct devid_account *account;

	verdict_accounts_clear(&connect->accounts);
	connect->accounts = (struct accounts){ { NULL } };
	g_clear_pointer(&connect->office, g_free);
	g_clear_pointer(&connect->posture, g_free);
	account = verdict_accounts_get(&connect->accounts, SCOPE_USER, error);
	if (!account || !look_for_office(connect, account, error))
		return false;
	if (connect->office)
		return true;
	if (!connect_find(connect, error))
		return false;
	if (connect->identity)
		account = verdict_accounts_get(&connect->accounts, connect->identity->scope, error);
	return account && decide(connect, account, error);
}

bool connect_is_enforced(struct connect *connect)
{
	enum scope scope = connect->identity ? connect->identity->scope : SCOPE_USER;
	const struct devid_account *account = verdict_accounts_get(&connect->accounts, scope, NULL);

	return account && devid_account_on_use(account) == DEVID_ON_USE_ENFORCE;
}

void connect_event(const struct connect *connect, const GError *error)
{
	struct devid_event event = {
		.sub_type = "Connection",
		.action = !error					    ? "Succeeded"
			  : devid_error_result(error) == DEVID_CHECK_FAILED ? "Refused"
									    : "Failed",
		.reason = !error ? "ok" : devid_error_reason(error),
		.failure_reason = !error ? NULL : error->message,
		.validated = -1,
	};

	write_event(connect, &event);
}

void connect_remember(const struct connect *connect)
{
	const struct choice_gateway gateway = { connect->connection->host,
						connect->connection->port };
	g_autofree char *key = !connect->identity ? NULL : choice_key(connect->identity);
	g_autoptr(GError) error = NULL;

	if (key && !choice_remember(&gateway, key, time(NULL), &error))
		report_warning("%s: which identity it took is not remembered: %s",
			       connect->connection->gateway, error->message);
}

void connect_clear(struct connect *connect)
{
	vpn_session_clear(&connect->session);
	if (connect->log && connect->log != stderr)
		fclose(connect->log);
	naming_clear(&connect->naming);
	verdict_accounts_clear(&connect->accounts);
	g_clear_pointer(&connect->office, g_free);
	g_clear_pointer(&connect->posture, g_free);
	g_clear_pointer(&connect->connection, connection_free);
}
