/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is told of an import: warnings while it goes on, the result, the event. */
#include <stdarg.h>
#include <devid/event.h>
#include "base/certificate.h"
#include "base/error.h"
#include "base/json-build.h"
#include "base/moment.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "identity/describe.h"
#include "identity/json.h"
#include "identity/uri.h"
#include "identity/verdict.h"
#include "holders.h"
#include "import.h"
#include "report.h"

void import_warn(struct import *import, const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_ptr_array_add(import->warnings, text);
	if (!import->options->json)
		report_warning("%s", text);
}

/* What was done, newly allocated. */
static char *result_words(const struct import *import)
{
	bool dry_run = import->options->dry_run;

	if (import->renamed_from)
		return g_strdup_printf("%s from %s", dry_run ? "would be renamed" : "renamed",
				       import->renamed_from);
	if (dry_run)
		return g_strdup("would be imported");
	return g_strdup(import->changed ? "imported" : "already here, nothing changed");
}

static const char *place(const struct import *import)
{
	if (import->foreign)
		return import->store;
	return identity_token_label(import->scope);
}

/* Who heard of it, and who may have to. */
static void report_renewed(const struct import *import)
{
	for (guint i = 0; import->told && i < import->told->len; i++)
		print_line(stdout, "  told     %s", (const char *)import->told->pdata[i]);
	if (import->holders)
		holders_tell(import->holders, "these may go on with the former one until told:");
}

static void report_json_result(const struct import *import)
{
	g_autoptr(JsonBuilder) builder = json_begin();
	g_autofree char *id = NULL;

	json_text(builder, "result", "ok");
	json_flag(builder, "changed", import->changed);
	json_flag(builder, "dry_run", import->options->dry_run);
	json_text(builder, "label", import->label);
	json_text(builder, "renamed_from", import->renamed_from);
	if (import->id) {
		gsize length;
		const guint8 *bytes = g_bytes_get_data(import->id, &length);

		id = g_malloc(2 * length + 1);
		hex_encode(bytes, length, id);
	}
	json_text(builder, "id", id);
	json_text(builder, "token", place(import));
	json_text(builder, "scope",
		  import->foreign		  ? "foreign"
		  : import->scope == SCOPE_SYSTEM ? "system"
						  : "user");
	json_text(builder, "store", import->foreign ? "token" : import->store);
	json_text(builder, "uri", import->uri);
	json_certificate(builder, import->chain[0]);
	json_number(builder, "limit", (gint64)import->size.limit);
	json_text(builder, "measure", import->size.measure == DEVID_SIZE_DER ? "der" : "pem");
	json_flag(builder, "size_accepted", import->size_accepted);
	json_number(builder, "chain_count", (gint64)import->chain_count - 1);
	json_verdict(builder, "check", import->verdict);
	json_texts(builder, "warnings", import->warnings);
	if (import->replaced) {
		json_texts(builder, "told", import->told);
		holders_json(builder, "programs", import->holders);
	}
	report_builder(builder);
}

void import_report(const struct import *import)
{
	g_autofree char *subject = certificate_subject(import->chain[0]);
	g_autofree char *issuer = certificate_issuer(import->chain[0]);
	g_autofree char *key = certificate_key(import->chain[0]);
	g_autofree char *size = describe_size(import->chain[0], import->account);
	time_t ends = gnutls_x509_crt_get_expiration_time(import->chain[0]);
	g_autofree char *end = moment_date(ends), *days = moment_days(ends, time(NULL));
	g_autofree char *words = NULL;

	if (import->options->json) {
		report_json_result(import);
		return;
	}
	words = result_words(import);
	print_piece(stdout, COLOUR_BOLD, "%s", import->label);
	print_line(stdout, ": %s", words);
	print_line(stdout, "  token    %s (%s)", place(import),
		   import->foreign ? "a token of its own" : import->store);
	print_line(stdout, "  subject  %s", subject);
	print_line(stdout, "  issuer   %s", issuer);
	print_line(stdout, "  key      %s", key);
	print_line(stdout, "  expires  %s (%s)", end, days);
	print_line(stdout, "  size     %s", size);
	print_piece(stdout, COLOUR_PLAIN, "  check    ");
	print_format(stdout, report_verdict_colour(import->verdict), "\n", "%s",
		     verdict_word(import->verdict));
	if (import->uri)
		print_line(stdout, "  uri      %s", import->uri);
	report_renewed(import);
}

void import_event(const struct import *import, const GError *error)
{
	struct devid_event event = { .type = DEVID_EVENT_DEVICE_CERTIFICATE,
				     .sub_type = "Import",
				     .action = error ? "Failed" : "Succeeded",
				     .reason = import->size_accepted ? "size-accepted" : "ok",
				     .program = "devid",
				     .validated = -1 };
	g_autofree char *failure = NULL;

	if (import->options->dry_run)
		return;
	event.label = import->label ? import->label : import->options->label;
	if (import->verdict && import->verdict->result != DEVID_NO_ACCOUNT) {
		event.validated = import->verdict->result == DEVID_OK;
		event.issuer_key_id = import->verdict->issuer_key_id;
	}
	if (import->chain_count)
		event.certificate = import->chain[0];
	if (error) {
		event.reason = devid_error_reason(error);
		event.failure_reason = error->message;
	}
	/* A log that can't be written has been told of, and stops nothing. */
	(void)devid_event_write(import->scope == SCOPE_SYSTEM, &event);
}
