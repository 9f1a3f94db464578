/* devid show: one identity, its chain as a tree. */
#include "chain-tree.h"
#include "choose.h"
#include "describe.h"
#include "table.h"

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
							 ? copied[identity_protection(identity)]
							 : "the private key is not here");

	printf("%s%s%s\n", colour(COLOUR_BOLD, stdout), identity->record->label,
	       colour(COLOUR_PLAIN, stdout));
	print_field("token", identity->token);
	print_field("store", store);
	/* Never broken over lines: it is there to be copied. */
	printf("  %-*s%s\n", FIELD_COLUMN - 2, "uri", identity->uri);
	if (identity->record->imported != NULL)
		print_field("imported", identity->record->imported);
}

static void print_certificate(gnutls_x509_crt_t leaf, const struct devid_account *account)
{
	time_t begins = gnutls_x509_crt_get_activation_time(leaf);
	time_t ends = gnutls_x509_crt_get_expiration_time(leaf), now = time(NULL);
	g_autofree char *key = describe_key(leaf), *serial = describe_serial(leaf);
	g_autofree char *subject = describe_subject(leaf), *issuer = describe_issuer(leaf);
	g_autofree char *from = describe_date(begins), *to = describe_date(ends);
	g_autofree char *days = describe_days(ends, now);
	g_autofree char *valid = g_strdup_printf("%s to %s, %s", from, to, days);
	g_autofree char *size = describe_size(leaf, account);
	g_autofree char *fingerprint = describe_fingerprint(leaf);

	print_field("key", key);
	print_field("subject", subject);
	print_field("issuer", issuer);
	print_field("serial", serial);
	print_field("valid", valid);
	print_field("size", size);
	print_field("sha-256", fingerprint);
}

static void print_text(const struct identity *identity, const struct devid_account *account,
		       const struct chain_tree *tree, const struct devid_verdict *verdict)
{
	g_autofree char *check =
		verdict->message == NULL
			? g_strdup(verdict_word(verdict))
			: g_strdup_printf("%s: %s", verdict_word(verdict), verdict->message);

	print_head(identity);
	if (identity->chain_count > 0) {
		print_certificate(identity->chain[0], account);
	} else {
		g_autofree char *key = describe_lone_key(identity);
		g_autofree char *alone =
			g_strdup_printf("%s, alone: its certificate is yet to come", key);

		print_field("key", alone);
	}
	printf("%s", colour(verdict_colour(verdict), stdout));
	print_field("check", check);
	printf("%s", colour(COLOUR_PLAIN, stdout));
	if (tree->count > 0)
		puts("\nchain");
	chain_tree_print(tree, account, stdout);
	fflush(stdout);
	if (identity->chain_count > 0 &&
	    ends_soon(gnutls_x509_crt_get_expiration_time(identity->chain[0]), time(NULL),
		      account)) {
		g_autofree char *days = describe_days(
			gnutls_x509_crt_get_expiration_time(identity->chain[0]), time(NULL));

		report_warning("%s: %s", identity->record->label, days);
		report_hint("devid import-cert FILE --replace, with a newer certificate");
	}
}

static void print_json(const struct identity *identity, const struct devid_account *account,
		       const struct chain_tree *tree, const struct devid_verdict *verdict)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();

	json_builder_begin_object(builder);
	json_identity(builder, identity);
	json_verdict(builder, "check", verdict);
	json_number(builder, "size_limit", (gint64)devid_account_device_limit(account));
	json_builder_set_member_name(builder, "chain");
	json_builder_begin_array(builder);
	for (size_t i = 0; i < tree->count; i++) {
		const struct chain_node *node = &tree->nodes[i];

		json_builder_begin_object(builder);
		json_text(builder, "role", chain_role_word(node->role));
		json_text(builder, "signing_name",
			  node->signing == NULL ? NULL : node->signing->name);
		json_flag(builder, "present", node->certificate != NULL);
		if (node->certificate != NULL)
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
	json_print(builder);
}

enum exit_status command_show(int argc, char **argv)
{
	AUTO_CHOICE struct choice choice = { 0 };
	AUTO_ACCOUNTS struct accounts accounts = { { NULL } };
	AUTO_TREE struct chain_tree tree = { .count = 0 };
	gboolean json = FALSE;
	const GOptionEntry entries[] = {
		CHOICE_OPTIONS(choice),
		{ "json", 0, 0, G_OPTION_ARG_NONE, &json, "Print a JSON object", NULL },
		{ NULL },
	};
	g_autoptr(devid_verdict) verdict = NULL;
	g_autoptr(GError) error = NULL;
	const struct identity *identity;
	struct devid_account *account;
	enum exit_status status;
	bool done;

	if (!options_parse(
		    &argc, &argv, "[LABEL|URI]",
		    "Show one identity: where its key is, its certificate, its chain as a tree "
		    "with the certificate that is, or must become, a signing certificate of "
		    "the account.",
		    NULL, entries, &done, &status) ||
	    done)
		return status;
	if (argc > 2)
		return report_usage("show", "%s: one label is enough", argv[2]);
	identity = choose(&choice, argc > 1 ? argv[1] : NULL, &error);
	if (identity == NULL)
		return report_error(&error, json);
	account = accounts_get(&accounts, identity->half, &error);
	verdict = account == NULL ? NULL : assess(identity, account, &error);
	if (verdict == NULL)
		return report_error(&error, json);
	chain_tree_build(&tree, identity, account);
	if (json)
		print_json(identity, account, &tree, verdict);
	else
		print_text(identity, account, &tree, verdict);
	return EXIT_DONE;
}
