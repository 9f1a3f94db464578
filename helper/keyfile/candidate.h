/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Identities that a bundle could become: a private key, its certificate, and the chain above it. */
#pragma once

#include <gnutls/abstract.h>
#include "bundle.h"

struct candidate {
	struct secret pkcs8;		       /* length 0: a certificate alone, or: */
	GBytes *wrapped;		       /* the bundle's, with this certificate; else NULL */
	const struct bundle_certificate *leaf; /* borrowed from the bundle */
	GPtrArray *chain;		       /* struct bundle_certificate, borrowed; leaf first */
	char *name;	/* friendly name, else the subject's common name, else "" */
	bool named;	/* it was a friendly name */
	gsize left_out; /* certificates of the bundle that are not of its chain */
};

/* Every key with its certificate, proven to belong together by a signature. A key without one, and
 * one that can't be read, is a warning in the bundle where another key is fine, else the error.
 * With `alone`, a bundle of certificates without a key makes one candidate of its first end-entity
 * certificate; so does one with a wrapped key, whose public half the TPM's owner looks at.
 */
GPtrArray *candidates_find(struct bundle *bundle, bool alone, GError **error);

/* candidate-pick.c: which one is meant. */
struct candidate_choice {
	const char *name;		  /* friendly name, or NULL; likewise the others */
	const char *serial, *fingerprint; /* hexadecimal, colons allowed */
	const char *key_type;		  /* "RSA", "EC P-256"; case doesn't count */
	const char *expires;		  /* "2027-11-22" */
	int number;			  /* from 1, in the order of devid inspect; 0: not given */
};
/* The whole chain as GnuTLS wants it, borrowed; the caller frees the array alone. */
gnutls_x509_crt_t *candidate_chain(const struct candidate *candidate, size_t *count);

static inline bool candidate_has_key(const struct candidate *candidate)
{
	return candidate->pkcs8.length > 0 || candidate->wrapped;
}

/* keypair.c: a PKCS#8 against a certificate. The key comes out completed where it lacked its
 * point. */
enum keypair {
	KEYPAIR_MATCHES,
	KEYPAIR_DIFFERS,
	KEYPAIR_UNREADABLE,
	KEYPAIR_CERTIFICATE_UNREADABLE, /* its public key is */
};
