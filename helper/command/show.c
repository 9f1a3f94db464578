/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid show: one identity, its chain as a tree. */
#include <string.h>
#include <devid/limits.h>
#include <internal/record.h>

#include "account/check-path.h"
#include "account/remark.h"
#include "base/certificate.h"
#include "base/json-build.h"
#include "base/moment.h"
#include "command/check/remarks.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "command/cli/table.h"
#include "command/import/holders.h"
#include "identity/naming.h"
#include "identity/describe.h"
#include "identity/former-key.h"
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

/* --- the path from the leaf upwards, over its own chain and the account's signing certificates ---
 */

#define CHAIN_TREE_MAX (RECORD_CHAIN_MAX + 2)

enum chain_role {
	ROLE_DEVICE,  /* the leaf */
	ROLE_SIGNING, /* a signing certificate of the account */
	ROLE_WANTED,  /* must become one */
	ROLE_CA,      /* any other */
};

struct chain_node {
	gnutls_x509_crt_t certificate; /* borrowed; NULL: it isn't here, only its name is known */
	char *name;
	enum chain_role role;
	const struct devid_signing *signing; /* for ROLE_SIGNING */
	size_t pem_size;		     /* 0: not known */
};

struct chain_tree {
	struct chain_node nodes[CHAIN_TREE_MAX]; /* leaf first */
	size_t count;
};

static const struct devid_signing *find_signing(const struct devid_account *account,
						gnutls_x509_crt_t certificate)
{
	for (size_t i = 0; i < devid_account_signing_count(account); i++) {
		const struct devid_signing *signing = devid_account_signing(account, i);

		if (gnutls_x509_crt_equals(signing->certificate, certificate))
			return signing;
	}
	return NULL;
}

static gnutls_x509_crt_t find_issuer(gnutls_x509_crt_t certificate, const struct identity *identity,
				     const struct devid_account *account)
{
	for (size_t i = 1; i < identity->chain_count; i++)
		if (check_issued(identity->chain[i], certificate))
			return identity->chain[i];
	for (size_t i = 0; i < devid_account_signing_count(account); i++)
		if (check_issued(devid_account_signing(account, i)->certificate, certificate))
			return devid_account_signing(account, i)->certificate;
	return NULL;
}

static void add_node(struct chain_tree *tree, gnutls_x509_crt_t certificate,
		     const struct devid_account *account)
{
	struct chain_node *node = &tree->nodes[tree->count++];

	node->certificate = certificate;
	node->name = certificate_subject(certificate);
	node->signing = tree->count == 1 ? NULL : find_signing(account, certificate);
	node->pem_size = node->signing ? node->signing->pem_size
				       : devid_pem_size(certificate_der_size(certificate));
	node->role = tree->count == 1 ? ROLE_DEVICE : node->signing ? ROLE_SIGNING : ROLE_CA;
}

/* Where no signing certificate serves, the direct issuer is what the administrator uploads. */
static void mark_wanted(struct chain_tree *tree, const struct devid_account *account)
{
	bool path = devid_account_chain_mode(account) == DEVID_CHAIN_PATH;

	if (tree->count < 2)
		return;
	for (size_t i = 1; i < (path ? tree->count : 2); i++)
		if (tree->nodes[i].role == ROLE_SIGNING)
			return;
	tree->nodes[1].role = ROLE_WANTED;
}

/* Finds the path. The tree borrows from the identity and the account. */
static void chain_tree_build(struct chain_tree *tree, const struct identity *identity,
			     const struct devid_account *account)
{
	gnutls_x509_crt_t current;

	*tree = (struct chain_tree){ .count = 0 };
	if (identity->chain_count == 0)
		return;
	for (current = identity->chain[0]; current && tree->count < CHAIN_TREE_MAX - 1;
	     current = find_issuer(current, identity, account)) {
		add_node(tree, current, account);
		if (check_link(current, current) == CHECK_LINK_FITS)
			break;
	}
	if (!current) {
		struct chain_node *node = &tree->nodes[tree->count];

		node->name = certificate_issuer(tree->nodes[tree->count - 1].certificate);
		node->role = ROLE_CA;
		tree->count++;
	}
	mark_wanted(tree, account);
}

static void chain_tree_clear(struct chain_tree *tree)
{
	for (size_t i = 0; i < tree->count; i++)
		g_free(tree->nodes[i].name);
	tree->count = 0;
}

#define AUTO_TREE __attribute__((cleanup(chain_tree_clear)))

static const char *chain_role_word(enum chain_role role)
{
	static const char *const words[] = {
		[ROLE_DEVICE] = "device",
		[ROLE_SIGNING] = "signing",
		[ROLE_WANTED] = "must-become-signing",
		[ROLE_CA] = "ca",
	};

	return words[role];
}

static char *note_for(const struct chain_node *node, const struct devid_account *account)
{
	size_t limit = devid_account_signing_limit(account);
	g_autofree char *size =
		node->pem_size == 0
			? g_strdup("its file isn't here")
			: g_strdup_printf("%zu of at most %zu bytes%s", node->pem_size, limit,
					  node->pem_size > limit ? ": too large" : "");

	if (node->role == ROLE_DEVICE)
		return g_strdup("this device's certificate");
	if (node->role == ROLE_SIGNING)
		return g_strdup_printf("signing certificate %s of the account, %s",
				       node->signing->name, size);
	if (node->role == ROLE_WANTED)
		return g_strdup_printf("must become a signing certificate: %s", size);
	return g_strdup(!node->certificate ? "not here" : "no signing certificate");
}

/* Root first. */
static void chain_tree_print(const struct chain_tree *tree, const struct devid_account *account)
{
	static const enum colour colours[] = {
		[ROLE_DEVICE] = COLOUR_BOLD,
		[ROLE_SIGNING] = COLOUR_GOOD,
		[ROLE_WANTED] = COLOUR_WARN,
		[ROLE_CA] = COLOUR_PLAIN,
	};
	int width = table_columns(), indent = 2;

	for (size_t i = tree->count; i > 0; i--) {
		const struct chain_node *node = &tree->nodes[i - 1];
		bool top = i == tree->count;
		int text = indent + (top ? 0 : 3);
		g_autofree char *note = note_for(node, account);
		g_autoptr(GString) lines = g_string_new(NULL);

		g_string_append_printf(lines, "%*s%s", indent, "", top ? "" : "└─ ");
		table_wrap(lines, node->name, text, text, width);
		print_lines(stdout, COLOUR_PLAIN, lines->str);
		g_string_printf(lines, "%*s", text, "");
		table_wrap(lines, note, text, text, width);
		print_lines(stdout, colours[node->role], lines->str);
		indent = text;
	}
}

/* --- all of it ------------------------------------------------------------------------------- */

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

/* Those that were replaced, and what may go on with one. */
static void print_formers(const struct identity *identity)
{
	g_autoptr(GPtrArray) formers = former_key_list(identity);
	g_autoptr(GPtrArray) holders = NULL;

	for (guint i = 0; i < formers->len; i++) {
		const struct former_key *former = formers->pdata[i];
		g_autofree char *until = moment_local(former->until);
		g_autofree char *text = g_strdup_printf(
			"%s, serial %s; until %s it signs for programs that had found it",
			former->key, former->serial, until);

		table_field("former key", text);
	}
	if (formers->len == 0)
		return;
	holders = holder_list(former_key_replaced(identity));
	holders_tell(holders, "these ran before it was replaced, and may go on with it:");
}

static void json_formers(JsonBuilder *builder, const struct identity *identity)
{
	g_autoptr(GPtrArray) formers = former_key_list(identity);
	g_autoptr(GPtrArray) holders = NULL;

	json_begin_array(builder, "former_keys");
	for (guint i = 0; i < formers->len; i++) {
		const struct former_key *former = formers->pdata[i];
		g_autofree char *until = moment_utc(former->until);

		json_builder_begin_object(builder);
		json_text(builder, "key", former->key);
		json_text(builder, "serial", former->serial);
		json_text(builder, "fingerprint", former->fingerprint);
		json_text(builder, "until", until);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
	holders = formers->len > 0 ? holder_list(former_key_replaced(identity)) : g_ptr_array_new();
	holders_json(builder, "programs", holders);
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

	print_format(stdout, COLOUR_BOLD, "\n", "%s", identity->record->label);
	table_field("token", identity->token);
	table_field("store", store);
	if (identity->record->local)
		table_field("key made", "in this store; it has been nowhere else");
	else if (strcmp(identity->record->store, "tpm") == 0)
		table_field("key made", "elsewhere, and moved into this TPM");
	if (identity->record->auth)
		table_field("second lock",
			    strcmp(identity->record->auth, "credential") == 0
				    ? "the machine's credential, which systemd keeps sealed"
				    : "in the keyring");
	if (identity->record->no_pss)
		table_field("signatures",
			    "no RSA-PSS: this TPM makes it with a salt of its own length");
	/* Never broken over lines: it is there to be copied. */
	print_line(stdout, "  %-*s%s", FIELD_COLUMN - 2, "uri", identity->uri);
	print_labels(identity);
	if (identity->record->imported)
		table_field("imported", identity->record->imported);
	print_formers(identity);
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
	chain_tree_print(tree, account);
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
	json_formers(builder, identity);
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
