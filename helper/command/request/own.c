/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A key that the agent makes where it will rest, and a request that the agent signs: see own.h. */
#include <stdlib.h>
#include <string.h>
#include <gnutls/crypto.h>
#include "base/auto-gnutls.h"
#include "base/der.h"
#include "base/error.h"
#include "command/cli/report.h"
#include "command/import/credential.h"
#include "identity/agent.h"
#include "identity/list.h"
#include "own.h"

struct work {
	struct request *request;
	struct client client;
	char *name;		  /* of the record */
	gnutls_datum_t signature; /* of the request, as GnuTLS takes it; none at first */
};

/* --- the key */

static bool make_key(struct work *work, GError **error)
{
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT, reply = WIRE_FRAME_INIT;
	const struct request_options *options = work->request->options;
	bool credential = g_strcmp0(options->tpm_auth, "credential") == 0;

	if (credential && !credential_prepare(NULL, error))
		return false;
	wire_begin(&request, WIRE_GENERATE);
	wire_put_text(&request, TAG_LABEL, options->label);
	wire_put_text(&request, TAG_STORE, work->request->store);
	wire_put_u32(&request, TAG_KEY_TYPE, work->request->kind->type);
	wire_put_u32(&request, TAG_KEY_BITS, work->request->kind->bits);
	wire_put_text(&request, TAG_NAME, work->request->renews);
	if (g_strcmp0(options->tpm_auth, "none") == 0)
		wire_put_u32(&request, TAG_FLAGS, IMPORT_NO_AUTH);
	if (credential)
		wire_put_u32(&request, TAG_FLAGS, IMPORT_CREDENTIAL);
	if (!agent_ask(&work->client, &request, &reply, error))
		return false;
	work->request->made = true;
	work->name = wire_get_text(&reply, TAG_NAME);
	return true;
}

static bool read_public(struct work *work, const struct identity *here, GError **error)
{
	struct request *request = work->request;
	gnutls_datum_t spki = { here->record->spki.data, (unsigned)here->record->spki.length };

	request->uri = g_strdup(here->uri);
	return (gnutls_pubkey_init(&request->public) >= 0 &&
		gnutls_pubkey_import(request->public, &spki, GNUTLS_X509_FMT_DER) >= 0) ||
	       devid_error_set(error, DEVID_BAD_DATA, NULL, NULL,
			       "%s: its public key can't be read", request->options->label);
}

/* A key that waits under this label already gets another request, so that one that was interrupted
 * is finished by doing it again. */
static bool take_key(struct work *work, const struct identity *here, GError **error)
{
	struct request *request = work->request;
	const struct request_options *options = request->options;

	/* Whose place it takes is its record's word; a renewal takes none that waits for another.
	 */
	if (here->chain_count > 0 || !here->record->local ||
	    (request->renews && g_strcmp0(here->record->renews, request->renews) != 0))
		return devid_error_set(error, DEVID_EXISTS, NULL, "choose another --label",
				       "%s: another identity has this label", options->label);
	if (options->store && strcmp(options->store, here->record->store) != 0)
		return devid_error_set(
			error, DEVID_EXISTS, NULL, "choose another --label, or leave --store out",
			"%s: its key waits for its certificate, in another store: %s",
			options->label, here->record->store);
	if (g_strcmp0(options->tpm_auth, "credential") == 0 &&
	    g_strcmp0(here->record->auth, "credential") != 0)
		return devid_error_set(error, DEVID_EXISTS, NULL,
				       "leave --tpm-auth out, or take it away first: devid remove",
				       "%s: its key waits for its certificate, and does not need "
				       "the credential",
				       options->label);
	if (!read_public(work, here, error))
		return false;
	if (options->key && !request_is_kind(request))
		return request_refuse_kind(request, error);
	work->name = strdup(here->record->name);
	request->store = g_intern_string(here->record->store);
	return true;
}

static identity_list *load(const struct work *work, GError **error)
{
	bool system = work->request->scope == SCOPE_SYSTEM;

	return identity_list_load(!system, system, error);
}

/* What the records say of the key that was just made. */
static bool read_made(struct work *work, GError **error)
{
	const char *label = work->request->options->label;
	g_autoptr(identity_list) list = load(work, error);
	const struct identity *here = list ? identity_list_called(list, label) : NULL;

	if (!list)
		return false;
	return here ? read_public(work, here, error)
		    : devid_error_set(error, DEVID_NOT_FOUND, NULL, "try again",
				      "%s: another program changed it in the meantime", label);
}

/* --- the request */

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

	if (gnutls_pubkey_get_pk_algorithm(work->request->public, NULL) == GNUTLS_PK_EC)
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
	int algorithm = gnutls_pubkey_get_pk_algorithm(work->request->public, &bits);

	if (flags & GNUTLS_PRIVKEY_INFO_PK_ALGO)
		return algorithm;
	if (flags & GNUTLS_PRIVKEY_INFO_PK_ALGO_BITS)
		return (int)bits;
	return (flags & GNUTLS_PRIVKEY_INFO_HAVE_SIGN_ALGO) != 0;
}

/* The agent signs, and looks at what: an account that lets nobody use a key without a certificate
 * stands against signatures by PKCS#11 here.
 */
static bool sign(struct work *work, GError **error)
{
	struct request *request = work->request;
	g_auto(gnutls_datum_t) der = { NULL, 0 };
	g_auto(gnutls_privkey_t) key = NULL;
	int code = gnutls_privkey_init(&key);

	if (code >= 0)
		code = gnutls_privkey_import_ext4(key, work, NULL, hand_over, NULL, NULL,
						  tell_gnutls, 0);
	if (code >= 0)
		code = request_sign(request, key);
	if (code >= 0)
		code = gnutls_x509_crq_export2(request->form, GNUTLS_X509_FMT_DER, &der);
	if (code >= 0 && !sign_by_agent(work, &der, error))
		return false;
	if (code >= 0)
		code = request_sign(request, key);
	return code >= 0 || devid_error_set(error, DEVID_FAILED, NULL, NULL, "request: %s",
					    gnutls_strerror(code));
}

static void take_back(struct work *work)
{
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT, reply = WIRE_FRAME_INIT;
	g_autoptr(GError) error = NULL;

	wire_begin(&request, WIRE_REMOVE);
	wire_put_text(&request, TAG_NAME, work->name);
	if (!agent_ask(&work->client, &request, &reply, &error))
		report_warning("%s: its key stays (%s); devid remove takes it",
			       work->request->options->label, error->message);
}

static bool make_request(struct work *work, GError **error)
{
	struct request *request = work->request;
	g_autoptr(identity_list) list = load(work, error);
	const struct identity *here =
		list ? identity_list_called(list, request->options->label) : NULL;

	if (!list || !agent_connect(&work->client, request->scope, CLIENT_START, error) ||
	    !(here ? take_key(work, here, error) : make_key(work, error)))
		return false;
	if ((here || read_made(work, error)) && sign(work, error) && request_finish(request, error))
		return true;
	if (request->made)
		take_back(work);
	return false;
}

bool request_by_own(struct request *request, GError **error)
{
	struct work work = { .request = request, .client = CLIENT_INIT };
	bool good = make_request(&work, error);

	client_close(&work.client);
	gnutls_free(work.signature.data);
	free(work.name);
	return good;
}
