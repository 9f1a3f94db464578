/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The objects that --json prints of identities: the same names in every subcommand. */
#include <devid/limits.h>
#include "base/certificate.h"
#include "base/json-build.h"
#include "base/moment.h"
#include "base/text.h"
#include "describe.h"
#include "json.h"
#include "verdict.h"

void json_certificate(JsonBuilder *builder, gnutls_x509_crt_t certificate)
{
	time_t begins = gnutls_x509_crt_get_activation_time(certificate);
	time_t ends = gnutls_x509_crt_get_expiration_time(certificate);
	g_autofree char *subject = certificate_subject(certificate);
	g_autofree char *issuer = certificate_issuer(certificate);
	g_autofree char *serial = certificate_serial(certificate);
	g_autofree char *fingerprint = certificate_fingerprint(certificate);
	g_autofree char *key = certificate_key(certificate);
	g_autofree char *not_before = moment_utc(begins);
	g_autofree char *not_after = moment_utc(ends);
	size_t size = certificate_der_size(certificate);

	json_text(builder, "subject", subject);
	json_text(builder, "issuer", issuer);
	json_text(builder, "serial", serial);
	json_text(builder, "fingerprint", fingerprint);
	json_text(builder, "key_type", key);
	json_text(builder, "not_before", not_before);
	json_text(builder, "not_after", not_after);
	json_number(builder, "days_left", moment_days_left(ends, time(NULL)));
	json_number(builder, "pem_size", (gint64)devid_pem_size(size));
	json_number(builder, "der_size", (gint64)size);
}

void json_identity(JsonBuilder *builder, const struct identity *identity)
{
	g_autofree char *id = text_hex(identity->record->id.data, identity->record->id.length);
	bool keys = !identity->foreign && record_has_key(identity->record);

	json_text(builder, "label", identity->record->label);
	json_text(builder, "id", id);
	json_text(builder, "token", identity->token);
	json_text(builder, "scope",
		  identity->foreign		    ? "foreign"
		  : identity->scope == SCOPE_SYSTEM ? "system"
						    : "user");
	json_text(builder, "store", identity->record->store);
	if (keys) {
		json_flag(builder, "local", identity->record->local);
		json_flag(builder, "no_rsa_pss", identity->record->no_pss);
		json_text(builder, "tpm_auth", identity->record->auth);
	}
	json_text(builder, "copied_by", describe_copier(identity));
	json_text(builder, "uri", identity->uri);
	/* What the objects on the token say, of which `label` is the certificate's. */
	json_text(builder, "key_label", keys ? record_key_label(identity->record) : NULL);
	json_text(builder, "public_key_label",
		  keys ? record_public_key_label(identity->record) : NULL);
	json_text(builder, "imported", identity->record->imported);
	if (identity->chain_count > 0) {
		json_certificate(builder, identity->chain[0]);
	} else {
		g_autofree char *key = describe_lone_key(identity);

		json_text(builder, "key_type", key);
	}
}

void json_verdict_members(JsonBuilder *builder, const char *result,
			  const struct devid_verdict *verdict)
{
	json_text(builder, "result", result);
	json_text(builder, "reason", verdict->reason);
	json_text(builder, "message", verdict->message);
	json_text(builder, "hint", verdict->hint);
	json_text(builder, "brackets", verdict->brackets);
	json_text(builder, "signing_name", verdict->signing_name);
	json_text(builder, "issuer_key_id", verdict->issuer_key_id);
}

void json_verdict(JsonBuilder *builder, const char *name, const struct devid_verdict *verdict)
{
	g_autofree char *word = g_strdelimit(g_strdup(verdict_word(verdict)), " ", '-');

	json_builder_set_member_name(builder, name);
	json_builder_begin_object(builder);
	json_verdict_members(builder, word, verdict);
	json_builder_end_object(builder);
}
