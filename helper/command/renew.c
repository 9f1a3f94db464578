/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid renew: a new key beside an identity's, in the same store, and a request for its
 * certificate, with which it then takes the identity's place. */
#include <string.h>
#include <gnutls/x509.h>
#include "base/error.h"
#include "command/cli/front.h"
#include "command/import/store-words.h"
#include "command/request/hand-out.h"
#include "command/request/own.h"
#include "command/request/request.h"
#include "identity/change.h"
#include "identity/list.h"
#include "identity/naming.h"
#include "command.h"

static struct {
	struct naming naming;
	struct request_options request;
} options;

static const GOptionEntry entries[] = {
	NAMING_OPTIONS(options.naming),
	{ "tpm-auth", 0, 0, G_OPTION_ARG_STRING, &options.request.tpm_auth,
	  "What a key in the TPM needs beside it, as for import-cert", "keyring|credential|none" },
	{ "subject", 0, 0, G_OPTION_ARG_STRING, &options.request.subject,
	  "Another subject than the present certificate's", "DN" },
	{ "san", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.request.names,
	  "A further name, in place of the present certificate's: dns:, email:, ip: or uri: before it",
	  "NAME" },
	{ "key", 0, 0, G_OPTION_ARG_STRING, &options.request.key,
	  "Another kind of key than the present one", "rsa2048|rsa3072|rsa4096|p256|p384|p521" },
	{ "output", 'o', 0, G_OPTION_ARG_FILENAME, &options.request.output,
	  "Write the request to this file (default: standard output)", "FILE" },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.request.json,
	  "Print a JSON object, with the request in it", NULL },
	{ NULL },
};

/* The key that waits for this identity, of an earlier try; NULL: none. */
static const struct identity *find_waiting(const struct naming *naming,
					   const struct identity *identity)
{
	for (size_t i = 0; i < identity_list_count(naming->list); i++) {
		const struct identity *other = identity_list_get(naming->list, i);

		if (other->scope == identity->scope && other->chain_count == 0 &&
		    g_strcmp0(other->record->renews, identity->record->name) == 0)
			return other;
	}
	return NULL;
}

static bool is_taken(const struct naming *naming, enum scope scope, const char *label)
{
	for (size_t i = 0; i < identity_list_count(naming->list); i++) {
		const struct identity *other = identity_list_get(naming->list, i);

		if (other->scope == scope && strcmp(other->record->label, label) == 0)
			return true;
	}
	return false;
}

static char *waiting_label(const struct naming *naming, const struct identity *identity,
			   const struct identity *waiting)
{
	const struct record *record = identity->record;
	g_autofree char *label = g_strconcat(record->label, " (renewal)", NULL);

	if (waiting)
		return g_strdup(waiting->record->label);
	/* A key waits under that name still for an identity that was called so before. */
	return strlen(label) <= RECORD_LABEL_MAX && !is_taken(naming, identity->scope, label)
		       ? g_steal_pointer(&label)
		       : g_strconcat("renewal of ", record->name, NULL);
}

static bool may_renew(const struct identity *identity, GError **error)
{
	const struct record *record = identity->record;

	if (identity->chain_count == 0)
		return devid_error_set(error, DEVID_NOT_FOUND, "no-certificate",
				       "another request for the key that waits: devid request, or "
				       "devid renew with the identity's own label",
				       "%s: there is no certificate to renew", record->label);
	if (!record_has_key(record))
		return devid_error_set(error, DEVID_KEY_MISSING, NULL,
				       "import it with its key: devid import-cert FILE.p12",
				       "%s: there is no private key here", record->label);
	return change_allowed(identity->scope, error);
}

/* GnuTLS writes some names that it can't read: with two values in one part. */
static int try_subject(const char *subject)
{
	gnutls_x509_crq_t form = NULL;
	int code = gnutls_x509_crq_init(&form);

	if (code >= 0)
		code = gnutls_x509_crq_set_dn(form, subject, NULL);
	gnutls_x509_crq_deinit(form);
	return code;
}

/* What the present certificate says, where the words say nothing else; one may have its further
 * names alone. */
static bool take_subject(gnutls_x509_crt_t certificate, GError **error)
{
	gnutls_datum_t name = { NULL, 0 };
	int code = gnutls_x509_crt_get_dn3(certificate, &name, 0);

	if (code == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
		return true;
	if (code >= 0) {
		options.request.subject = g_strndup((const char *)name.data, name.size);
		code = try_subject(options.request.subject);
	}
	gnutls_free(name.data);
	return code >= 0 || devid_error_set(error, DEVID_BAD_DATA, NULL, "give one: --subject DN",
					    "the certificate's subject can't be taken over: %s",
					    gnutls_strerror(code));
}

static bool renew(struct request *request, const struct naming *naming,
		  const struct identity *identity, GError **error)
{
	const struct identity *waiting = find_waiting(naming, identity);
	gnutls_x509_crt_t leaf = identity->chain[0];

	request->scope = identity->scope;
	request->store = waiting ? waiting->record->store : identity->record->store;
	request->renews = identity->record->name;
	options.request.label = waiting_label(naming, identity, waiting);
	/* The other lock is not given up by itself. */
	if (!waiting && !options.request.tpm_auth &&
	    g_strcmp0(identity->record->auth, "credential") == 0)
		options.request.tpm_auth = g_strdup("credential");
	if (!store_words_judge("renew", request->scope, true, request->store,
			       options.request.tpm_auth, error))
		return false;
	if (strcmp(request->store, "tpm") == 0)
		cli_front_waits_for(REQUEST_TPM_WAITS);
	if (!options.request.subject && !take_subject(leaf, error))
		return false;
	/* A key that waits is taken as it is, unless another is asked for. */
	return request_describe_like(request, leaf, error) && request_by_own(request, error);
}

static enum exit_status run(char **operands, GError **error)
{
	AUTO_NAMING struct naming naming = options.naming;
	struct request request = { .options = &options.request, .hand_out = hand_out_request };
	const struct identity *identity = naming_own(&naming, operands[0], error);
	bool good =
		identity && may_renew(identity, error) && renew(&request, &naming, identity, error);

	request_clear(&request);
	return good ? EXIT_DONE : EXIT_FAILED;
}

const struct command command_renew = {
	.name = "renew",
	.arguments = "LABEL",
	.summary = "Make a new key for an identity, and a request",
	.description =
		"The key is made in the store of the identity's key, and waits there. The request\n"
		"(PKCS#10) has the present certificate's names; it goes to a CA. devid import-cert\n"
		"CERTIFICATE then puts both in the identity's place: label, URI and CKA_ID stay, and\n"
		"programs that run go on with the former key for some days (devid help retire).\n"
		"\n"
		"The same again makes another request of the key that waits; devid remove takes it\n"
		"away.",
	.entries = entries,
	.operands = { 1, 1, "a label is missing" },
	.run = run,
};
