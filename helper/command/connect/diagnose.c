/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid connect --diagnose: what a help desk would do, and on which side it fails. Makes no
 * tunnel. */
#include <string.h>

#include "base/error.h"
#include "base/json-build.h"
#include "command/check/probe.h"
#include "command/check/server-words.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "command/cli/table.h"
#include "command/doctor/results.h"
#include "connection/connection.h"
#include "check.h"
#include "connect.h"
#include "connection-state.h"
#include "diagnose.h"

enum side {
	SIDE_NONE,
	SIDE_DEVICE,
	SIDE_CERTIFICATE,
	SIDE_ACCOUNT,
	SIDE_GATEWAY,
	SIDE_NETWORK,
	SIDE_UNDECIDED
};

static const struct {
	const char *word, *sentence;
} sides[] = {
	[SIDE_NONE] = { "none", "nothing was found against it: connect" },
	[SIDE_DEVICE] = { "device", "the fault is on this device" },
	[SIDE_CERTIFICATE] = { "certificate", "the fault is the certificate's" },
	[SIDE_ACCOUNT] = { "account", "the account, as it is set up, does not let this in" },
	[SIDE_GATEWAY] = { "gateway", "the fault is on the gateway's side" },
	[SIDE_NETWORK] = { "network", "the fault is in the network between here and the gateway" },
	[SIDE_UNDECIDED] = { "undecided",
			     "undecided: exempt this user at the service and run again" },
};

struct finding_line {
	const char *what;
	char *text;
};

struct findings {
	GArray *lines; /* struct finding_line */
	enum side side;
};

static void note(struct findings *findings, const char *what, const char *text)
{
	struct finding_line line = { what, g_strdup(text) };

	g_array_append_val(findings->lines, line);
}

/* The first side that is found stands: what was looked at before it is nearer. */
static void blame(struct findings *findings, enum side side)
{
	if (findings->side == SIDE_NONE)
		findings->side = side;
}

static enum side side_of(const GError *error)
{
	static const struct {
		enum devid_result result;
		enum side side;
	} rows[] = {
		{ DEVID_CHECK_FAILED, SIDE_CERTIFICATE },
		{ DEVID_NO_ACCOUNT, SIDE_ACCOUNT },
		{ DEVID_ACCOUNT_BROKEN, SIDE_ACCOUNT },
		{ DEVID_BLOCKED, SIDE_ACCOUNT },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		if (rows[i].result == devid_error_result(error))
			return rows[i].side;
	return SIDE_DEVICE;
}

/* What a handshake with the certificate says of the sides. The check here came before: what the
 * account accepts and the gateway refuses is the gateway's list of CAs, or its view of the
 * certificate.
 */
static enum side side_of_handshake(const struct server_report *report)
{
	static const enum side of[] = {
		[SERVER_ACCEPTED] = SIDE_NONE,	   [SERVER_NOT_ASKED] = SIDE_NONE,
		[SERVER_REFUSED] = SIDE_GATEWAY,   [SERVER_CLOSED] = SIDE_UNDECIDED,
		[SERVER_HANDSHAKE] = SIDE_GATEWAY, [SERVER_UNREACHABLE] = SIDE_NETWORK,
		[SERVER_SILENT] = SIDE_NETWORK,	   [SERVER_KEY] = SIDE_DEVICE,
	};

	if (report->trusted == 0)
		return SIDE_GATEWAY;
	/* Closed without a word, but it had said before whose certificates it takes. */
	if (report->outcome == SERVER_CLOSED && report->issuers->len > 0 && !report->ours_named)
		return SIDE_GATEWAY;
	return of[report->outcome];
}

static void probe(const struct connect *connect, struct findings *findings,
		  const struct identity *identity, const char *what)
{
	AUTO_SERVER_REPORT struct server_report report = { 0 };
	g_autofree char *address = connection_address(connect->connection);
	g_autofree char *words = NULL;
	g_autoptr(GError) error = NULL;

	if (!check_server(address, connect->connection->ca_file, identity, &report, &error)) {
		note(findings, what, error->message);
		blame(findings, SIDE_DEVICE);
		return;
	}
	words = server_report_words(&report);
	note(findings, what, words);
	if (report.trusted == 0)
		note(findings, "gateway's own", report.distrust ? report.distrust : "NOT trusted");
	if (identity)
		blame(findings, side_of_handshake(&report));
	else if (report.outcome == SERVER_UNREACHABLE || report.outcome == SERVER_SILENT)
		blame(findings, SIDE_NETWORK);
}

/* Whose each failure of `devid doctor` is; the others are this device's. */
static enum side side_of_examination(const char *name)
{
	static const struct {
		const char *name;
		enum side side;
	} rows[] = {
		{ "identity", SIDE_CERTIFICATE }, { "size", SIDE_CERTIFICATE },
		{ "chain", SIDE_CERTIFICATE },	  { "dates", SIDE_CERTIFICATE },
		{ "account", SIDE_ACCOUNT },	  { "signing", SIDE_ACCOUNT },
		{ "rule", SIDE_ACCOUNT },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		if (strcmp(rows[i].name, name) == 0)
			return rows[i].side;
	return SIDE_DEVICE;
}

static void ask_doctor(struct findings *findings)
{
	struct results results;

	doctor_examine(&results, false);
	for (guint i = 0; i < results.lines->len; i++) {
		const struct doctor_line *line = results_line(&results, i);

		if (line->outcome != OUTCOME_FAIL)
			continue;
		note(findings, line->examination->title, line->text);
		blame(findings, side_of_examination(line->examination->name));
	}
	results_clear(&results);
}

static void print(const struct connect *connect, const struct findings *findings)
{
	g_autoptr(JsonBuilder) builder = json_begin();

	if (!connect->json) {
		print_line(stdout, "%s", connect->connection->name);
		for (guint i = 0; i < findings->lines->len; i++)
			table_field(g_array_index(findings->lines, struct finding_line, i).what,
				    g_array_index(findings->lines, struct finding_line, i).text);
		table_field("diagnosis", sides[findings->side].sentence);
		return;
	}
	json_text(builder, "result", findings->side == SIDE_NONE ? "ok" : "error");
	json_text(builder, "side", sides[findings->side].word);
	json_text(builder, "message", sides[findings->side].sentence);
	json_begin_array(builder, "findings");
	for (guint i = 0; i < findings->lines->len; i++) {
		const struct finding_line *line =
			&g_array_index(findings->lines, struct finding_line, i);

		json_builder_begin_object(builder);
		json_text(builder, "what", line->what);
		json_text(builder, "message", line->text);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
	report_builder(builder);
}

/* Nothing says no, and yet it fails: only the service can tell whether it is the certificate. */
static void conclude(const struct connect *connect, struct findings *findings)
{
	g_autoptr(ConnectionState) state = connection_state_read(connect->connection->name);

	if (state && connection_state_is_over(state) && state->message) {
		note(findings, "last time", state->message);
		blame(findings, SIDE_UNDECIDED);
	}
}

enum exit_status connect_diagnose(struct connect *connect)
{
	struct findings findings = { g_array_new(FALSE, FALSE, sizeof(struct finding_line)),
				     SIDE_NONE };
	struct findings doctors = { g_array_new(FALSE, FALSE, sizeof(struct finding_line)),
				    SIDE_NONE };
	g_autoptr(GError) error = NULL;
	enum exit_status status = EXIT_DONE;

	/* Its processes are forked: before anything here has threads. The check's own words come
	 * first. */
	ask_doctor(&doctors);
	if (!connect_check(connect, &error)) {
		note(&findings, "local check", error->message);
		if (connect->posture)
			note(&findings, "posture", connect->posture);
		blame(&findings, connect->posture ? SIDE_DEVICE : side_of(error));
		status = report_exit_status(devid_error_result(error));
	} else {
		note(&findings, "local check",
		     connect->office ? "this is the office: no tunnel is needed" : "ok");
	}
	g_array_append_vals(findings.lines, doctors.lines->data, doctors.lines->len);
	g_array_unref(doctors.lines);
	blame(&findings, doctors.side);
	probe(connect, &findings, NULL, "without");
	if (connect->identity && connect->identity->chain_count > 0)
		probe(connect, &findings, connect->identity, "with");
	conclude(connect, &findings);
	print(connect, &findings);
	if (findings.side != SIDE_NONE && status == EXIT_DONE)
		status = EXIT_FAILED;
	for (guint i = 0; i < findings.lines->len; i++)
		g_free(g_array_index(findings.lines, struct finding_line, i).text);
	g_array_unref(findings.lines);
	return status;
}
