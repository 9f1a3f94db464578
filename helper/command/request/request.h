/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A request for a certificate on its way: what was asked for, and what it came to. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <internal/path.h>
#include <internal/wire.h>

#define REQUEST_TPM_WAITS                                                                \
	"the TPM makes the key, which may take half a minute; where the keyring asks a " \
	"question, it waits for the answer"

struct key_kind {
	const char *word;
	enum wire_key_type type;
	guint bits;
};

struct request_options {
	gboolean user, system, json;
	char *store, *tpm_auth, *pin_file, *label, *subject, *key, *output;
	char **names;
};

struct request {
	const struct request_options *options;
	enum scope scope;
	bool foreign;	    /* on the token that options->store names */
	const char *store;  /* "keyring", "file", "tpm", or the token's label */
	char *object;	    /* the label that the token's URI names, or NULL */
	const char *renews; /* the record whose place it is to take, or NULL */
	const struct key_kind *kind;
	gnutls_x509_crq_t form; /* all of it but the key and the signature */
	gnutls_pubkey_t public;
	char *uri; /* of the key */
	bool made; /* the key, by us; else it was waiting already */
	/* Takes what was made; a key whose request could not be handed out is taken back. */
	bool (*hand_out)(const struct request *request, const gnutls_datum_t *pem, GError **error);
};

/* The label of --label, else of the token's URI; NULL: there is none. */
const char *request_label(const struct request *request);
/* --key, --subject, --san: all but the key, so that a subject that can't be read costs none. */
bool request_describe(struct request *request, GError **error);
/* The same, where what was not said is as in that certificate: the kind of key, the further names.
 */
bool request_describe_like(struct request *request, gnutls_x509_crt_t certificate, GError **error);
/* Whether the public key is of the kind that was asked for. */
bool request_is_kind(const struct request *request);
/* Where it isn't; false. */
bool request_refuse_kind(const struct request *request, GError **error);
/* The key under it, and a signature by `key`. */
int request_sign(struct request *request, gnutls_privkey_t key);
/* Signed, as PEM, where the signature is good. */
bool request_finish(struct request *request, GError **error);
void request_clear(struct request *request);
