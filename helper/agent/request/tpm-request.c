/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* TPM: the machine's agent lends its TPM to the agents of users, who may not open it: for keys of
 * their own, which they bring with each request. A key is imported or made, tried, signed with, and
 * taken out again; nothing of it stays here. What comes in is anybody's: the part judges it before
 * the TPM sees it.
 */
#include <string.h>
#include <internal/cleanup.h>
#include "agent/gate/gate.h"
#include "agent/key/key.h"
#include "agent/key/tpm-library.h"
#include "base/error.h"
#include "request.h"
#include "tpm-turn.h"

struct asked {
	const struct exchange *exchange;
	const struct tpm_part *tpm;
	struct key_patience patience;
	struct secret auth;
};

static bool put_key(struct asked *asked, const struct tpm_file *file, GError **error)
{
	g_autoptr(GBytes) pem = tpm_file_write(file);

	if (!pem)
		return devid_error_set(error, DEVID_NO_MEMORY, NULL, NULL, "TPM: no memory");
	wire_put(asked->exchange->reply, TAG_TPM_KEY, g_bytes_get_data(pem, NULL),
		 g_bytes_get_size(pem));
	wire_put_text(asked->exchange->reply, TAG_NAME, file->below);
	return true;
}

static bool get_key(struct asked *asked, struct wire_field *field, GError **error)
{
	return wire_get(asked->exchange->request, TAG_TPM_KEY, field) ||
	       devid_error_set(error, DEVID_USAGE, NULL, NULL, "TPM: a key is needed");
}

static bool tell_storage_key(struct asked *asked, GError **error)
{
	struct tpm_trouble trouble = { DEVID_OK };
	g_autoptr(GBytes) public = asked->tpm->parent(&trouble);

	if (!public)
		return tpm_library_refuse(error, &trouble);
	wire_put(asked->exchange->reply, TAG_STORAGE_KEY, g_bytes_get_data(public, NULL),
		 g_bytes_get_size(public));
	return true;
}

static bool import_key(struct asked *asked, GError **error)
{
	AUTO_TPM_FILE struct tpm_file wrapped = TPM_FILE_INIT, file = TPM_FILE_INIT;
	struct tpm_trouble trouble = { DEVID_OK };
	struct wire_field field;

	if (!get_key(asked, &field, error) ||
	    !tpm_file_read_duplicate(field.data, field.length, &wrapped, error))
		return false;
	if (!asked->tpm->import(&wrapped, &asked->auth, &asked->patience, &file, &trouble))
		return tpm_library_refuse(error, &trouble);
	return put_key(asked, &file, error);
}

static bool create_key(struct asked *asked, GError **error)
{
	AUTO_TPM_FILE struct tpm_file file = TPM_FILE_INIT;
	struct tpm_trouble trouble = { DEVID_OK };
	guint32 type = 0, bits = 0;
	EVP_PKEY *public = NULL;

	if (!wire_get_u32(asked->exchange->request, TAG_KEY_TYPE, &type) ||
	    !wire_get_u32(asked->exchange->request, TAG_KEY_BITS, &bits) ||
	    (type != KEY_RSA && type != KEY_EC) || bits > 4096)
		return devid_error_set(error, DEVID_USAGE, NULL, NULL,
				       "TPM: a type and a size are needed");
	if (!asked->tpm->create((enum wire_key_type)type, bits, &asked->auth, &asked->patience,
				&file, &public, &trouble))
		return tpm_library_refuse(error, &trouble);
	EVP_PKEY_free(public);
	return put_key(asked, &file, error);
}

/* Of the storage key that it lay below once; whose it is, the other agent knows. */
static bool get_name(struct asked *asked, char below[KEY_PARENT_NAME], GError **error)
{
	AUTO_FREE char *name = wire_get_text(asked->exchange->request, TAG_NAME);

	if (name && strlen(name) >= KEY_PARENT_NAME)
		return devid_error_set(error, DEVID_USAGE, NULL, NULL,
				       "TPM: the storage key's name is too long");
	g_strlcpy(below, name ? name : "", KEY_PARENT_NAME);
	return true;
}

/* NULL with the error; else to be unloaded, and `*public` freed. */
static struct tpm_object *load(struct asked *asked, EVP_PKEY **public, GError **error)
{
	AUTO_TPM_FILE struct tpm_file file = TPM_FILE_INIT;
	struct tpm_trouble trouble = { DEVID_OK };
	struct tpm_object *object;
	struct wire_field field;

	if (!get_key(asked, &field, error) ||
	    !tpm_file_read(field.data, field.length, &file, error) ||
	    !get_name(asked, file.below, error))
		return NULL;
	object = asked->tpm->load(&file, &asked->auth, &asked->patience, public, &trouble);
	if (object)
		wire_put_text(asked->exchange->reply, TAG_NAME, file.below);
	else
		tpm_library_refuse(error, &trouble);
	return object;
}

static bool try_key(struct asked *asked, GError **error)
{
	EVP_PKEY *public = NULL;
	struct tpm_object *object = load(asked, &public, error);

	if (object)
		asked->tpm->unload(object);
	EVP_PKEY_free(public);
	return object != NULL;
}

static bool sign(struct asked *asked, struct tpm_object *object, const EVP_PKEY *public,
		 GError **error)
{
	const struct wire_frame *request = asked->exchange->request;
	gsize part = ((gsize)EVP_PKEY_get_bits(public) + 7) / 8;
	bool rsa = EVP_PKEY_get_base_id(public) == EVP_PKEY_RSA;
	guint8 signature[KEY_SIGNATURE_MAX];
	struct tpm_trouble trouble = { DEVID_OK };
	guint32 scheme = 0, digest = 0;
	struct wire_field hash;

	if (!wire_get_u32(request, TAG_SCHEME, &scheme) ||
	    !wire_get_u32(request, TAG_DIGEST, &digest) || !wire_get(request, TAG_DATA, &hash) ||
	    scheme < SCHEME_RSA_PKCS1 || scheme > SCHEME_ECDSA || rsa != (scheme != SCHEME_ECDSA) ||
	    part > sizeof(signature))
		return devid_error_set(error, DEVID_USAGE, NULL, NULL,
				       "TPM: a scheme of that key, a digest and a hash are needed");
	if (!asked->tpm->sign(object, (enum wire_scheme)scheme, (enum wire_digest)digest, hash.data,
			      hash.length, part, signature, &trouble))
		return tpm_library_refuse(error, &trouble);
	wire_put(asked->exchange->reply, TAG_SIGNATURE, signature, rsa ? part : 2 * part);
	return true;
}

static bool sign_with_key(struct asked *asked, GError **error)
{
	EVP_PKEY *public = NULL;
	struct tpm_object *object = load(asked, &public, error);
	bool good = object && sign(asked, object, public, error);

	if (object)
		asked->tpm->unload(object);
	EVP_PKEY_free(public);
	return good;
}

static const struct operation {
	guint32 operation;
	bool (*run)(struct asked *asked, GError **error);
} operations[] = {
	{ TPM_STORAGE_KEY, tell_storage_key },
	{ TPM_IMPORT, import_key },
	{ TPM_CREATE, create_key },
	{ TPM_LOAD, try_key },
	{ TPM_SIGN, sign_with_key },
};

static const struct operation *find_operation(const struct wire_frame *request)
{
	guint32 wanted = 0;

	if (wire_get_u32(request, TAG_OPERATION, &wanted))
		for (gsize i = 0; i < G_N_ELEMENTS(operations); i++)
			if (operations[i].operation == wanted)
				return &operations[i];
	return NULL;
}

static bool read_auth(struct asked *asked, GError **error)
{
	struct wire_field field;

	if (!wire_get(asked->exchange->request, TAG_AUTH, &field))
		return true;
	if (field.length > STORE_AUTH_LENGTH)
		return devid_error_set(error, DEVID_USAGE, NULL, NULL,
				       "TPM: the authorisation is too long");
	return secret_append(&asked->auth, field.data, field.length) == DEVID_OK ||
	       devid_error_set(error, DEVID_NO_MEMORY, NULL, NULL, "TPM: no memory");
}

/* Primes take their time; a curve's key does not. */
static bool is_long(const struct exchange *exchange, const struct operation *operation)
{
	guint32 type = 0;

	return operation->run == create_key &&
	       !(wire_get_u32(exchange->request, TAG_KEY_TYPE, &type) && type == KEY_EC);
}

static bool run(const struct exchange *exchange, const struct operation *operation, GError **error)
{
	struct session *session = exchange->session;
	struct asked asked = { .exchange = exchange,
			       .tpm = tpm_library(error),
			       .patience = { session->wait.progress, session->wait.data,
					     store_wait_cancel(&session->wait) },
			       .auth = SECRET_INIT };
	struct tpm_turn *turn;
	bool good = false;

	if (!asked.tpm || !read_auth(&asked, error))
		return false;
	turn = tpm_turn_begin(session->peer.uid, is_long(exchange, operation),
			      asked.patience.cancel, error);
	if (turn) {
		good = operation->run(&asked, error);
		tpm_turn_end(turn);
	}
	secret_clear(&asked.auth);
	return good;
}

bool handle_tpm(const struct exchange *exchange, GError **error)
{
	struct session *session = exchange->session;
	const struct operation *operation = find_operation(exchange->request);
	bool good;

	if (!gate_may_use_tpm(session->agent->gate, &session->peer))
		return devid_error_set(error, DEVID_DENIED, "tpm-not-lent", NULL,
				       "TPM: the account does not lend it to this user");
	if (session->agent->scope != SCOPE_SYSTEM)
		return devid_error_set(error, DEVID_UNSUPPORTED, NULL, NULL,
				       "TPM: the machine's agent alone lends it");
	if (!operation)
		return devid_error_set(error, DEVID_USAGE, NULL, NULL,
				       "TPM: the request names no operation");
	session->slow(session, true);
	good = run(exchange, operation, error);
	session->slow(session, false);
	return good;
}
