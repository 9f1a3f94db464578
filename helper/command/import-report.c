/* What is told of an import: warnings while it goes on, the result, the event. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "import.h"

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

static const char *result_word(const struct import *import)
{
	if (import->options->dry_run)
		return "would be imported";
	return import->changed ? "imported" : "already here, nothing changed";
}

static const char *place(const struct import *import)
{
	if (import->foreign)
		return import->store;
	return identity_token_label(import->half);
}

static void report_json_result(const struct import *import)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();
	g_autofree char *id = NULL;

	json_builder_begin_object(builder);
	json_text(builder, "result", "ok");
	json_flag(builder, "changed", import->changed);
	json_flag(builder, "dry_run", import->options->dry_run);
	json_text(builder, "label", import->label);
	if (import->id) {
		gsize length;
		const guint8 *bytes = g_bytes_get_data(import->id, &length);

		id = g_malloc(2 * length + 1);
		hex_encode(bytes, length, id);
	}
	json_text(builder, "id", id);
	json_text(builder, "token", place(import));
	json_text(builder, "scope",
		  import->foreign		? "foreign"
		  : import->half == HALF_SYSTEM ? "system"
						: "user");
	json_text(builder, "store", import->foreign ? "token" : import->store);
	json_text(builder, "uri", import->uri);
	json_certificate(builder, import->chain[0]);
	json_number(builder, "limit", (gint64)import->size.limit);
	json_text(builder, "measure", import->size.measure == DEVID_SIZE_DER ? "der" : "pem");
	json_flag(builder, "size_accepted", import->size_accepted);
	json_number(builder, "chain_count", (gint64)import->chain_count - 1);
	json_verdict(builder, "check", import->verdict);
	json_builder_set_member_name(builder, "warnings");
	json_builder_begin_array(builder);
	for (guint i = 0; i < import->warnings->len; i++) {
		g_autofree char *valid = g_utf8_make_valid(import->warnings->pdata[i], -1);

		json_builder_add_string_value(builder, valid);
	}
	json_builder_end_array(builder);
	json_print(builder);
}

void import_report(const struct import *import)
{
	g_autofree char *subject = describe_subject(import->chain[0]);
	g_autofree char *issuer = describe_issuer(import->chain[0]);
	g_autofree char *key = describe_key(import->chain[0]);
	g_autofree char *size = describe_size(import->chain[0], import->account);
	time_t ends = gnutls_x509_crt_get_expiration_time(import->chain[0]);
	g_autofree char *end = describe_date(ends), *days = describe_days(ends, time(NULL));
	char *label, *token;

	if (import->options->json) {
		report_json_result(import);
		return;
	}
	label = devid_text_escape(import->label, strlen(import->label));
	token = devid_text_escape(place(import), strlen(place(import)));
	printf("%s%s%s: %s\n", colour(COLOUR_BOLD, stdout), label, colour(COLOUR_PLAIN, stdout),
	       result_word(import));
	printf("  token    %s (%s)\n", token,
	       import->foreign ? "a token of its own" : import->store);
	printf("  subject  %s\n  issuer   %s\n", subject, issuer);
	printf("  key      %s\n  expires  %s (%s)\n  size     %s\n", key, end, days, size);
	printf("  check    %s%s%s\n", colour(verdict_colour(import->verdict), stdout),
	       verdict_word(import->verdict), colour(COLOUR_PLAIN, stdout));
	if (import->uri)
		printf("  uri      %s\n", import->uri);
	free(label);
	free(token);
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
	(void)devid_event_write(import->half == HALF_SYSTEM, &event);
}
