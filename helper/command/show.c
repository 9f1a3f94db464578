/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid show: one identity, its chain as a tree. */
#include <string.h>

#include "account/remark.h"
#include "base/certificate.h"
#include "base/json-build.h"
#include "base/moment.h"
#include "command/admin/chain-tree.h"
#include "command/check/remarks.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "command/cli/table.h"
#include "identity/naming.h"
#include "identity/describe.h"
#include "identity/json.h"
#include "identity/verdict.h"
#include "command.h"

static struct {
	struct naming naming;
	gboolean json;
} options;

static const GOptionEntry entries[] = {
	NAMING_OPTIONS(options.naming),
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print a JSON object", NULL },
	{ NULL },
};

/* What its objects are called on the token, where that is not all the same. */
static void print_labels(const struct identity *identity)
{
	const struct record *record = identity->record;
	g_autofree char *labels = NULL;

	if (identity->foreign || !record_has_key(record) ||
	    (strcmp(record_key_label(record), record->label) == 0 &&
	     strcmp(record_public_key_label(record), record->label) == 0))
		return;
	labels = g_strdup_printf("private key %s, public key %s", record_key_label(record),
				 record_public_key_label(record));
	table_field("labels", labels);
}

static void print_head(const struct identity *identity)
{
	static const char *const copied[] = {
		[DEVID_PROTECTION_NONE] = "it isn't known who can copy the key",
		[DEVID_PROTECTION_USER] = "its user can copy the key",
		[DEVID_PROTECTION_ROOT] = "root alone can copy the key",
		[DEVID_PROTECTION_HARDWARE] = "nobody can copy the key",
	};
	g_autofree char *store = g_strdup_printf("%s: %s", identity->record->store,
						 record_has_key(identity->record)
							 ? copied[describe_protection(identity)]
							 : "the private key is not here");

	print_piece(stdout, COLOUR_BOLD, "%s", identity->record->label);
	print_lines(stdout, COLOUR_PLAIN, "\n");
	table_field("token", identity->token);
	table_field("store", store);
	/* Never broken over lines: it is there to be copied. */
	print_line(stdout, "  %-*s%s", FIELD_COLUMN - 2, "uri", identity->uri);
	print_labels(identity);
	if (identity->record->imported)
		table_field("imported", identity->record->imported);
}

static void print_certificate(gnutls_x509_crt_t leaf, const struct devid_account *account)
{
	time_t begins = gnutls_x509_crt_get_activation_time(leaf);
	time_t ends = gnutls_x509_crt_get_expiration_time(leaf), now = time(NULL);
	g_autofree char *key = certificate_key(leaf), *serial = certificate_serial(leaf);
	g_autofree char *subject = certificate_subject(leaf), *issuer = certificate_issuer(leaf);
	g_autofree char *from = moment_date(begins), *to = moment_date(ends);
	g_autofree char *days = moment_days(ends, now);
	g_autofree char *valid = g_strdup_printf("%s to %s, %s", from, to, days);
	g_autofree char *size = describe_size(leaf, account);
	g_autofree char *fingerprint = certificate_fingerprint(leaf);

	table_field("key", key);
	table_field("subject", subject);
	table_field("issuer", issuer);
	table_field("serial", serial);
	table_field("valid", valid);
	table_field("size", size);
	table_field("sha-256", fingerprint);
}

static void print_text(const struct identity *identity, const struct devid_account *account,
		       const struct chain_tree *tree, const struct devid_verdict *verdict,
		       const GPtrArray *remarks)
{
	g_autofree char *check =
		!verdict->message
			? g_strdup(verdict_word(verdict))
			: g_strdup_printf("%s: %s", verdict_word(verdict), verdict->message);

	print_head(identity);
	if (identity->chain_count > 0) {
		print_certificate(identity->chain[0], account);
	} else {
		g_autofree char *key = describe_lone_key(identity);
		g_autofree char *alone =
			g_strdup_printf("%s, alone: its certificate is yet to come", key);

		table_field("key", alone);
	}
	table_field_in(report_verdict_colour(verdict), "check", check);
	if (tree->count > 0)
		print_lines(stdout, COLOUR_PLAIN, "\nchain\n");
	chain_tree_print(tree, account, stdout);
	remarks_tell(identity->record->label, remarks);
	if (identity->chain_count > 0 &&
	    describe_ends_soon(gnutls_x509_crt_get_expiration_time(identity->chain[0]), time(NULL),
			       account)) {
		g_autofree char *days = moment_days(
			gnutls_x509_crt_get_expiration_time(identity->chain[0]), time(NULL));

		report_warning("%s: %s", identity->record->label, days);
		report_hint("devid import-cert FILE --replace, with a newer certificate");
	}
}

static void print_json(const struct identity *identity, const struct devid_account *account,
		       const struct chain_tree *tree, const struct devid_verdict *verdict,
		       const GPtrArray *remarks)
{
	g_autoptr(JsonBuilder) builder = json_begin();

	json_identity(builder, identity);
	json_verdict(builder, "check", verdict);
	remarks_json(builder, remarks);
	json_number(builder, "size_limit", (gint64)devid_account_device_limit(account));
	json_begin_array(builder, "chain");
	for (size_t i = 0; i < tree->count; i++) {
		const struct chain_node *node = &tree->nodes[i];

		json_builder_begin_object(builder);
		json_text(builder, "role", chain_role_word(node->role));
		json_text(builder, "signing_name", !node->signing ? NULL : node->signing->name);
		json_flag(builder, "present", node->certificate != NULL);
		if (node->certificate)
			json_certificate(builder, node->certificate);
		else
			json_text(builder, "subject", node->name);
		if (node->role != ROLE_DEVICE) {
			json_number(builder, "file_size", (gint64)node->pem_size);
			json_number(builder, "file_limit",
				    (gint64)devid_account_signing_limit(account));
		}
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
	report_builder(builder);
}

static enum exit_status show(char **operands, GError **error)
{
	AUTO_NAMING struct naming naming = options.naming;
	AUTO_ACCOUNTS struct accounts accounts = { { NULL } };
	AUTO_TREE struct chain_tree tree = { .count = 0 };
	const struct identity *identity = naming_identity(&naming, operands[0], error);
	struct devid_account *account =
		!identity ? NULL : verdict_accounts_get(&accounts, identity->scope, error);
	g_autoptr(devid_verdict) verdict =
		!account ? NULL : verdict_assess(identity, account, error);
	g_autoptr(GPtrArray) remarks = NULL;

	if (!verdict)
		return EXIT_FAILED;
	chain_tree_build(&tree, identity, account);
	remarks = remark_find(account, identity->chain, identity->chain_count);
	if (options.json)
		print_json(identity, account, &tree, verdict, remarks);
	else
		print_text(identity, account, &tree, verdict, remarks);
	return EXIT_DONE;
}

const struct command command_show = {
	.name = "show",
	.arguments = "[LABEL|URI]",
	.summary = "Show one identity and its chain",
	.about =
		"Show one identity: where its key is, its certificate, its chain as a tree with the "
		"certificate that is, or must become, a signing certificate of the account.",
	.entries = entries,
	.operands = { 0, 1 },
	.run = show,
};
