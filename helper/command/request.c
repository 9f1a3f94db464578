/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid request: a key that is made where it will rest, and a request for its certificate. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>

#include "base/auto-gnutls.h"
#include "base/certificate.h"
#include "base/der.h"
#include "base/error.h"
#include "base/json-build.h"
#include "command/cli/front.h"
#include "command/cli/output.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "command/import/store-words.h"
#include "identity/agent.h"
#include "identity/change.h"
#include "identity/list.h"
#include "command.h"

static struct {
	gboolean user, system, json;
	char *store, *tpm_auth, *label, *subject, *key, *output;
	char **names;
} options;

static const GOptionEntry entries[] = {
	{ "user", 0, 0, G_OPTION_ARG_NONE, &options.user,
	  "For your own token (but for root, the default)", NULL },
	{ "system", 0, 0, G_OPTION_ARG_NONE, &options.system,
	  "For the machine's token (root alone, and root's default)", NULL },
	{ "store", 0, 0, G_OPTION_ARG_STRING, &options.store,
	  "Where the key is made and rests: keyring (the default on your own token), file (the "
	  "machine's), or tpm",
	  "keyring|file|tpm" },
	{ "tpm-auth", 0, 0, G_OPTION_ARG_STRING, &options.tpm_auth,
	  "What a key in the TPM needs beside it, as for import-cert", "keyring|none" },
	{ "label", 0, 0, G_OPTION_ARG_STRING, &options.label, "The identity's name", "NAME" },
	{ "subject", 0, 0, G_OPTION_ARG_STRING, &options.subject,
	  "The subject, as RFC 4514 writes it: CN=laptop-042,O=Example", "DN" },
	{ "san", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.names,
	  "A further name: dns:, email:, ip: or uri: before it; as often as there are names",
	  "NAME" },
	{ "key", 0, 0, G_OPTION_ARG_STRING, &options.key,
	  "What key (rsa2048 by default: there are services that take RSA alone)",
	  "rsa2048|rsa3072|rsa4096|p256|p384|p521" },
	{ "output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
	  "Write the request to this file (default: standard output)", "FILE" },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json,
	  "Print a JSON object, with the request in it", NULL },
	{ NULL },
};

static const struct key_kind {
	const char *word;
	enum wire_key_type type;
	guint bits;
} key_kinds[] = {
	{ "rsa2048", KEY_RSA, 2048 }, { "rsa3072", KEY_RSA, 3072 }, { "rsa4096", KEY_RSA, 4096 },
	{ "p256", KEY_EC, 256 },      { "p384", KEY_EC, 384 },	    { "p521", KEY_EC, 521 },
};

static const struct {
	const char *word;
	gnutls_x509_subject_alt_name_t type;
} name_kinds[] = {
	{ "dns:", GNUTLS_SAN_DNSNAME },
	{ "email:", GNUTLS_SAN_RFC822NAME },
	{ "ip:", GNUTLS_SAN_IPADDRESS },
	{ "uri:", GNUTLS_SAN_URI },
};

struct work {
	enum scope scope;
	const char *store;
	const struct key_kind *kind;
	gnutls_x509_crq_t request;
	struct client client;
	char *name; /* of the record */
	bool made;  /* the key, by us; else it was waiting already */
	gnutls_pubkey_t public;
	gnutls_datum_t signature; /* of the request, as GnuTLS takes it; none at first */
};

static bool set_usage(GError **error, const char *text)
{
	return devid_error_set(error, DEVID_USAGE, NULL, "devid help request", "request: %s", text);
}

static const struct key_kind *find_kind(const char *word)
{
	for (size_t i = 0; i < G_N_ELEMENTS(key_kinds); i++)
		if (strcmp(key_kinds[i].word, word) == 0)
			return &key_kinds[i];
	return NULL;
}

static bool understand(struct work *work, GError **error)
{
	const char *store = options.store;

	work->scope =
		options.system || (geteuid() == 0 && !options.user) ? SCOPE_SYSTEM : SCOPE_USER;
	work->store = store ? store : store_words_default(work->scope);
	work->kind = find_kind(options.key ? options.key : "rsa2048");
	if (options.user && options.system)
		return set_usage(error, "--user or --system, not both");
	if (!options.label || !options.subject)
		return set_usage(error, "--label and --subject are needed");
	if (!work->kind)
		return set_usage(error, "--key is rsa2048, rsa3072, rsa4096, p256, p384 or p521");
	if (!store_words_judge("request", work->scope, false, store, options.tpm_auth, error))
		return false;
	if (strcmp(work->store, "tpm") == 0)
		cli_front_waits_for(
			"the TPM makes the key, which may take half a minute; where the "
			"keyring asks a question, it waits for the answer");
	return change_allowed(work->scope, error);
}

/* --- what is asked for
 * ------------------------------------------------------------------------------ */

static bool bad_name(GError **error, const char *name, const char *why)
{
	return devid_error_set(error, DEVID_USAGE, NULL, "devid help request", "%s: %s", name, why);
}

static bool add_name(gnutls_x509_crq_t request, const char *name, GError **error)
{
	g_autoptr(GInetAddress) address = NULL;
	const char *value;
	size_t i = 0;
	int code;

	while (i < G_N_ELEMENTS(name_kinds) && !g_str_has_prefix(name, name_kinds[i].word))
		i++;
	if (i == G_N_ELEMENTS(name_kinds))
		return bad_name(error, name, "a --san begins with dns:, email:, ip: or uri:");
	value = name + strlen(name_kinds[i].word);
	if (name_kinds[i].type == GNUTLS_SAN_IPADDRESS) {
		address = g_inet_address_new_from_string(value);
		if (!address)
			return bad_name(error, name, "that is no address");
		code = gnutls_x509_crq_set_subject_alt_name(
			request, GNUTLS_SAN_IPADDRESS, g_inet_address_to_bytes(address),
			(unsigned)g_inet_address_get_native_size(address), GNUTLS_FSAN_APPEND);
	} else {
		code = *value ? gnutls_x509_crq_set_subject_alt_name(request, name_kinds[i].type,
								     value, (unsigned)strlen(value),
								     GNUTLS_FSAN_APPEND)
			      : GNUTLS_E_INVALID_REQUEST;
	}
	return code >= 0 || bad_name(error, name, gnutls_strerror(code));
}

/* All but the key, so that a subject that can't be read costs none. */
static bool describe_request(struct work *work, GError **error)
{
	const char *where = NULL;
	int code = gnutls_x509_crq_init(&work->request);

	if (code >= 0)
		code = gnutls_x509_crq_set_version(work->request, 1);
	if (code >= 0 && gnutls_x509_crq_set_dn(work->request, options.subject, &where) < 0)
		return devid_error_set(error, DEVID_USAGE, NULL,
				       "as RFC 4514 writes it: CN=laptop-042,O=Example",
				       "--subject: it can't be read from here on: %s",
				       where && *where ? where : options.subject);
	if (code >= 0)
		code = gnutls_x509_crq_set_key_usage(work->request, GNUTLS_KEY_DIGITAL_SIGNATURE);
	if (code >= 0)
		code = gnutls_x509_crq_set_key_purpose_oid(work->request, GNUTLS_KP_TLS_WWW_CLIENT,
							   0);
	if (code < 0)
		return devid_error_set(error, DEVID_FAILED, NULL, NULL, "request: %s",
				       gnutls_strerror(code));
	for (char **name = options.names; name && *name; name++)
		if (!add_name(work->request, *name, error))
			return false;
	return true;
}

/* --- the key
 * ---------------------------------------------------------------------------------------- */

static const struct identity *find_label(const identity_list *list)
{
	for (size_t i = 0; i < identity_list_count(list); i++)
		if (strcmp(identity_list_get(list, i)->record->label, options.label) == 0)
			return identity_list_get(list, i);
	return NULL;
}

static bool make_key(struct work *work, GError **error)
{
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT, reply = WIRE_FRAME_INIT;

	wire_begin(&request, WIRE_GENERATE);
	wire_put_text(&request, TAG_LABEL, options.label);
	wire_put_text(&request, TAG_STORE, work->store);
	wire_put_u32(&request, TAG_KEY_TYPE, work->kind->type);
	wire_put_u32(&request, TAG_KEY_BITS, work->kind->bits);
	if (g_strcmp0(options.tpm_auth, "none") == 0)
		wire_put_u32(&request, TAG_FLAGS, IMPORT_NO_AUTH);
	if (!agent_ask(&work->client, &request, &reply, error))
		return false;
	work->made = true;
	work->name = wire_get_text(&reply, TAG_NAME);
	return true;
}

static bool is_kind(const struct record *record, const struct key_kind *kind)
{
	gnutls_datum_t spki = { record->spki.data, (unsigned)record->spki.length };
	g_auto(gnutls_pubkey_t) key = NULL;
	unsigned bits = 0;

	return gnutls_pubkey_init(&key) >= 0 &&
	       gnutls_pubkey_import(key, &spki, GNUTLS_X509_FMT_DER) >= 0 &&
	       (gnutls_pubkey_get_pk_algorithm(key, &bits) == GNUTLS_PK_EC) ==
		       (kind->type == KEY_EC) &&
	       bits == kind->bits;
}

/* A key that waits under this label already gets another request, so that one that was interrupted
 * is finished by doing it again. */
static bool take_key(struct work *work, const identity_list *list, GError **error)
{
	const struct identity *here = find_label(list);

	if (!here)
		return make_key(work, error);
	if (here->chain_count > 0 || !here->record->local)
		return devid_error_set(error, DEVID_EXISTS, NULL, "choose another --label",
				       "%s: another identity has this label", options.label);
	if (options.store && strcmp(options.store, here->record->store) != 0)
		return devid_error_set(
			error, DEVID_EXISTS, NULL, "choose another --label, or leave --store out",
			"%s: its key waits for its certificate, in another store: %s",
			options.label, here->record->store);
	if (options.key && !is_kind(here->record, work->kind))
		return devid_error_set(
			error, DEVID_EXISTS, NULL, "choose another --label, or leave --key out",
			"%s: its key waits for its certificate, and is another", options.label);
	work->name = strdup(here->record->name);
	work->store = g_intern_string(here->record->store);
	return true;
}

/* --- the request
 * ------------------------------------------------------------------------------------ */

/* GnuTLS shows who signs for it the hash alone, and the agent must see what it signs: so GnuTLS
 * makes the request twice, and gets nothing to put under it at first.
 */
static int hand_over(gnutls_privkey_t key, gnutls_sign_algorithm_t algorithm, void *data,
		     unsigned flags, const gnutls_datum_t *hash, gnutls_datum_t *signature)
{
	const struct work *work = data;

	signature->size = work->signature.size ? work->signature.size : 1;
	signature->data = gnutls_calloc(1, signature->size);
	if (!signature->data)
		return GNUTLS_E_MEMORY_ERROR;
	if (work->signature.size)
		memcpy(signature->data, work->signature.data, signature->size);
	return 0;
}

/* The CertificationRequestInfo of a request (RFC 2986 section 4). */
static bool take_info(const gnutls_datum_t *request, struct der *info)
{
	struct der whole = { request->data, request->size }, rest, part;

	if (!der_expect(&whole, DER_SEQUENCE, &rest))
		return false;
	*info = rest;
	if (!der_expect(&rest, DER_SEQUENCE, &part))
		return false;
	info->length -= rest.length;
	return true;
}

static bool keep_signature(struct work *work, const struct wire_field *field)
{
	gnutls_datum_t r = { (unsigned char *)field->data, (unsigned)field->length / 2 };
	gnutls_datum_t s = { r.data + r.size, r.size };

	if (gnutls_pubkey_get_pk_algorithm(work->public, NULL) == GNUTLS_PK_EC)
		return gnutls_encode_rs_value(&work->signature, &r, &s) >= 0;
	work->signature.data = gnutls_malloc(field->length);
	if (!work->signature.data)
		return false;
	memcpy(work->signature.data, field->data, field->length);
	work->signature.size = (unsigned)field->length;
	return true;
}

static bool sign_by_agent(struct work *work, const gnutls_datum_t *unsigned_request, GError **error)
{
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT, reply = WIRE_FRAME_INIT;
	struct wire_field field;
	struct der info;

	if (!take_info(unsigned_request, &info))
		return devid_error_set(error, DEVID_FAILED, NULL, NULL,
				       "request: it can't be read back");
	wire_begin(&request, WIRE_CERTIFY);
	wire_put_text(&request, TAG_NAME, work->name);
	wire_put(&request, TAG_DATA, info.data, info.length);
	if (!agent_ask(&work->client, &request, &reply, error))
		return false;
	return (wire_get(&reply, TAG_SIGNATURE, &field) && keep_signature(work, &field)) ||
	       devid_error_set(error, DEVID_NO_MEMORY, NULL, NULL, "request: no memory");
}

static int tell_gnutls(gnutls_privkey_t key, unsigned flags, void *data)
{
	const struct work *work = data;

	unsigned bits = 0;
	int algorithm = gnutls_pubkey_get_pk_algorithm(work->public, &bits);

	if (flags & GNUTLS_PRIVKEY_INFO_PK_ALGO)
		return algorithm;
	if (flags & GNUTLS_PRIVKEY_INFO_PK_ALGO_BITS)
		return (int)bits;
	return (flags & GNUTLS_PRIVKEY_INFO_HAVE_SIGN_ALGO) != 0;
}

/* The agent signs, and looks at what: an account that lets nobody use a key without a certificate
 * stands against signatures by PKCS#11 here.
 */
static bool sign_request(struct work *work, gnutls_datum_t *pem, GError **error)
{
	gnutls_datum_t der = { NULL, 0 };
	g_auto(gnutls_privkey_t) key = NULL;
	int code = gnutls_privkey_init(&key);
	bool good;

	if (code >= 0)
		code = gnutls_privkey_import_ext4(key, work, NULL, hand_over, NULL, NULL,
						  tell_gnutls, 0);
	if (code >= 0)
		code = gnutls_x509_crq_set_pubkey(work->request, work->public);
	if (code >= 0)
		code = gnutls_x509_crq_privkey_sign(work->request, key, GNUTLS_DIG_SHA256, 0);
	if (code >= 0)
		code = gnutls_x509_crq_export2(work->request, GNUTLS_X509_FMT_DER, &der);
	good = code < 0 || sign_by_agent(work, &der, error);
	gnutls_free(der.data);
	if (code >= 0 && good)
		code = gnutls_x509_crq_privkey_sign(work->request, key, GNUTLS_DIG_SHA256, 0);
	if (code >= 0 && good)
		code = gnutls_x509_crq_verify(work->request, 0);
	if (code >= 0 && good)
		code = gnutls_x509_crq_export2(work->request, GNUTLS_X509_FMT_PEM, pem);
	if (code < 0)
		return devid_error_set(error, DEVID_FAILED, NULL, NULL, "request: %s",
				       gnutls_strerror(code));
	return good;
}

/* What the records say of the key that is there now. */
static bool load_key(struct work *work, char **uri, GError **error)
{
	bool system = work->scope == SCOPE_SYSTEM;
	g_autoptr(identity_list) list = identity_list_load(!system, system, error);
	const struct identity *here = list ? find_label(list) : NULL;
	gnutls_datum_t spki;

	if (!list)
		return false;
	if (!here || gnutls_pubkey_init(&work->public) < 0)
		return devid_error_set(error, DEVID_NOT_FOUND, NULL, "try again",
				       "%s: another program changed it in the meantime",
				       options.label);
	spki = (gnutls_datum_t){ here->record->spki.data, (unsigned)here->record->spki.length };
	if (gnutls_pubkey_import(work->public, &spki, GNUTLS_X509_FMT_DER) < 0)
		return devid_error_set(error, DEVID_BAD_DATA, NULL, NULL,
				       "%s: its public key can't be read", options.label);
	*uri = g_strdup(here->uri);
	return true;
}

/* A key whose request could not be handed out would wait for nothing. */
static void take_back(struct work *work)
{
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT, reply = WIRE_FRAME_INIT;
	g_autoptr(GError) error = NULL;

	if (!work->made)
		return;
	wire_begin(&request, WIRE_REMOVE);
	wire_put_text(&request, TAG_NAME, work->name);
	if (!agent_ask(&work->client, &request, &reply, &error))
		report_warning("%s: its key stays (%s); devid remove takes it", options.label,
			       error->message);
}

static void tell(const struct work *work, const char *uri, const gnutls_datum_t *pem)
{
	g_autofree char *key = certificate_public_key(work->public);
	g_autoptr(JsonBuilder) builder = json_begin();

	if (options.json) {
		g_autofree char *text = g_strndup((const char *)pem->data, pem->size);

		json_text(builder, "result", "ok");
		json_flag(builder, "changed", work->made);
		json_text(builder, "label", options.label);
		json_text(builder, "store", work->store);
		json_text(builder, "key_type", key);
		json_text(builder, "uri", uri);
		json_text(builder, "request", text);
		report_builder(builder);
		return;
	}
	/* Standard output may have the request. */
	report_say("", COLOUR_PLAIN, "%s: %s key %s, waits for its certificate (%s)", options.label,
		   key, work->made ? "made" : "was here already", work->store);
	report_hint("give the request to the CA; then: devid import-cert CERTIFICATE");
}

static void work_clear(struct work *work)
{
	gnutls_x509_crq_deinit(work->request);
	if (work->public)
		gnutls_pubkey_deinit(work->public);
	client_close(&work->client);
	gnutls_free(work->signature.data);
	free(work->name);
}

static bool make_request(struct work *work, GError **error)
{
	bool system = work->scope == SCOPE_SYSTEM;
	g_autoptr(identity_list) list = identity_list_load(!system, system, error);
	gnutls_datum_t pem = { NULL, 0 };
	g_autofree char *uri = NULL;
	bool good;

	if (!list || !agent_connect(&work->client, work->scope, CLIENT_START, error) ||
	    !take_key(work, list, error))
		return false;
	good = load_key(work, &uri, error) && sign_request(work, &pem, error);
	if (good && (!options.json || options.output))
		good = output_write(options.output, (const char *)pem.data, error);
	if (good)
		tell(work, uri, &pem);
	else
		take_back(work);
	gnutls_free(pem.data);
	return good;
}

static enum exit_status run(char **operands, GError **error)
{
	struct work work = { .client = CLIENT_INIT };
	bool good = understand(&work, error) && describe_request(&work, error) &&
		    make_request(&work, error);

	work_clear(&work);
	return good ? EXIT_DONE : EXIT_FAILED;
}

const struct command command_request = {
	.name = "request",
	.summary = "Make a key and a request for its certificate",
	.description =
		"The key is made in the store and never leaves it. The request (PKCS#10) goes to a CA;\n"
		"devid import-cert CERTIFICATE then finds the key that waits for it. Until then\n"
		"devid list shows it, and devid remove takes it away.\n"
		"\n"
		"The same again makes another request of the key that waits.",
	.entries = entries,
	.run = run,
};
