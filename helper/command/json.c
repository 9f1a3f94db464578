/* The objects that --json prints: the same names in every subcommand. */
#include <string.h>

#include "describe.h"

void json_text(JsonBuilder *builder, const char *name, const char *value)
{
	g_autofree char *valid = value == NULL ? NULL : g_utf8_make_valid(value, -1);

	json_builder_set_member_name(builder, name);
	if (valid == NULL)
		json_builder_add_null_value(builder);
	else
		json_builder_add_string_value(builder, valid);
}

void json_number(JsonBuilder *builder, const char *name, gint64 value)
{
	json_builder_set_member_name(builder, name);
	json_builder_add_int_value(builder, value);
}

void json_flag(JsonBuilder *builder, const char *name, gboolean value)
{
	json_builder_set_member_name(builder, name);
	json_builder_add_boolean_value(builder, value);
}

void json_certificate(JsonBuilder *builder, gnutls_x509_crt_t certificate)
{
	time_t begins = gnutls_x509_crt_get_activation_time(certificate);
	time_t ends = gnutls_x509_crt_get_expiration_time(certificate);
	g_autofree char *subject = describe_subject(certificate);
	g_autofree char *issuer = describe_issuer(certificate);
	g_autofree char *serial = describe_serial(certificate);
	g_autofree char *fingerprint = describe_fingerprint(certificate);
	g_autofree char *key = describe_key(certificate);
	g_autofree char *not_before = describe_moment(begins);
	g_autofree char *not_after = describe_moment(ends);
	size_t size = der_size(certificate);

	json_text(builder, "subject", subject);
	json_text(builder, "issuer", issuer);
	json_text(builder, "serial", serial);
	json_text(builder, "fingerprint", fingerprint);
	json_text(builder, "key_type", key);
	json_text(builder, "not_before", not_before);
	json_text(builder, "not_after", not_after);
	json_number(builder, "days_left", days_left(ends, time(NULL)));
	json_number(builder, "pem_size", (gint64)devid_pem_size(size));
	json_number(builder, "der_size", (gint64)size);
}

void json_identity(JsonBuilder *builder, const struct identity *identity)
{
	g_autofree char *id = g_malloc(2 * identity->record->id.length + 1);

	hex_encode(identity->record->id.data, identity->record->id.length, id);
	json_text(builder, "label", identity->record->label);
	json_text(builder, "id", id);
	json_text(builder, "token", identity->token);
	json_text(builder, "scope",
		  identity->foreign		  ? "foreign"
		  : identity->half == HALF_SYSTEM ? "system"
						  : "user");
	json_text(builder, "store", identity->record->store);
	json_text(builder, "copied_by", describe_copier(identity));
	json_text(builder, "uri", identity->uri);
	json_text(builder, "imported", identity->record->imported);
	if (identity->chain_count > 0) {
		json_certificate(builder, identity->chain[0]);
	} else {
		g_autofree char *key = describe_lone_key(identity);

		json_text(builder, "key_type", key);
	}
}

void json_verdict(JsonBuilder *builder, const char *name, const struct devid_verdict *verdict)
{
	g_autofree char *word = g_strdelimit(g_strdup(verdict_word(verdict)), " ", '-');

	json_builder_set_member_name(builder, name);
	json_builder_begin_object(builder);
	json_text(builder, "result", word);
	json_text(builder, "reason", verdict->reason);
	json_text(builder, "message", verdict->message);
	json_text(builder, "hint", verdict->hint);
	json_text(builder, "brackets", verdict->brackets);
	json_text(builder, "signing_name", verdict->signing_name);
	json_text(builder, "issuer_key_id", verdict->issuer_key_id);
	json_builder_end_object(builder);
}

void json_print(JsonBuilder *builder)
{
	json_builder_end_object(builder);
	report_json(json_builder_get_root(builder));
}
