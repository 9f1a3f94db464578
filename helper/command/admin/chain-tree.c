/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The path from a leaf upwards, over an identity's own chain and the account's signing
 * certificates. */
#include <devid/limits.h>

#include "account/check-path.h"
#include "base/certificate.h"
#include "command/cli/print.h"
#include "command/cli/table.h"
#include "identity/identity.h"
#include "chain-tree.h"

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

void chain_tree_build(struct chain_tree *tree, const struct identity *identity,
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

void chain_tree_clear(struct chain_tree *tree)
{
	for (size_t i = 0; i < tree->count; i++)
		g_free(tree->nodes[i].name);
	tree->count = 0;
}

const char *chain_role_word(enum chain_role role)
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

void chain_tree_print(const struct chain_tree *tree, const struct devid_account *account,
		      FILE *stream)
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
		print_lines(stream, COLOUR_PLAIN, lines->str);
		g_string_printf(lines, "%*s", text, "");
		table_wrap(lines, note, text, text, width);
		print_lines(stream, colours[node->role], lines->str);
		indent = text;
	}
}
