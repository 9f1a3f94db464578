/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The path from a leaf upwards, over an identity's own chain and the account's signing
 * certificates. */
#pragma once

#include <internal/record.h>
#include <stdio.h>

#include "identity/identity.h"

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

/* Finds the path. The tree borrows from the identity and the account. */
void chain_tree_build(struct chain_tree *tree, const struct identity *identity,
		      const struct devid_account *account);
void chain_tree_clear(struct chain_tree *tree);
#define AUTO_TREE __attribute__((cleanup(chain_tree_clear)))

const char *chain_role_word(enum chain_role role); /* for JSON */
/* Draws it, root first. */
void chain_tree_print(const struct chain_tree *tree, const struct devid_account *account,
		      FILE *stream);
