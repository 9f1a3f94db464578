/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SIGN: the gate, the key, the signature; whole or in parts. */
#include <string.h>
#include "agent/gate/gate.h"
#include "agent/identity/identity-writer.h"
#include "agent/identity/keycache.h"
#include "agent/key/key.h"
#include "base/error.h"
#include "request.h"
#include "sign-request.h"

struct sign_request {
	const guint8 *hash;
	struct key_scheme scheme;
	struct wire_field data;
	bool more;
};

/* The numbers of a SIGN frame. `required` ones must be there; the others are 0. */
static bool read_number(const struct wire_frame *request, enum wire_tag tag, guint32 limit,
			bool required, guint32 *value)
{
	*value = 0;
	if (!wire_get_u32(request, tag, value))
		return !required;
	return *value <= limit;
}

static bool read_sign(const struct wire_frame *request, struct sign_request *sign, GError **error)
{
	guint32 scheme, digest, pss_digest, pss_mgf, more;
	struct wire_field hash;

	memset(sign, 0, sizeof(*sign));
	if (!wire_get(request, TAG_SPKI_HASH, &hash) || hash.length != WIRE_SPKI_HASH ||
	    !read_number(request, TAG_SCHEME, SCHEME_ECDSA, true, &scheme) || scheme == 0 ||
	    !read_number(request, TAG_DIGEST, DIGEST_SHA512, true, &digest) ||
	    !read_number(request, TAG_PSS_DIGEST, DIGEST_SHA512, false, &pss_digest) ||
	    !read_number(request, TAG_PSS_MGF, DIGEST_SHA512, false, &pss_mgf) ||
	    !read_number(request, TAG_PSS_SALT, KEY_SIGNATURE_MAX, false, &sign->scheme.pss_salt) ||
	    !read_number(request, TAG_MORE, 1, false, &more))
		return devid_error_set(
			error, DEVID_USAGE, NULL, NULL,
			"signature: the request is not complete or names what is not known");
	sign->hash = hash.data;
	sign->scheme.scheme = (enum wire_scheme)scheme;
	sign->scheme.digest = (enum wire_digest)digest;
	sign->scheme.pss_digest = (enum wire_digest)pss_digest;
	sign->scheme.pss_mgf = (enum wire_digest)pss_mgf;
	sign->more = more != 0;
	if (!wire_get(request, TAG_DATA, &sign->data))
		sign->data.data = (const guint8 *)"";
	return true;
}

void sign_request_end(struct session *session)
{
	g_clear_pointer(&session->operation, key_abandon);
	g_clear_pointer(&session->operation_key, key_unref);
}

static bool scheme_equal(const struct key_scheme *a, const struct key_scheme *b)
{
	return a->scheme == b->scheme && a->digest == b->digest && a->pss_digest == b->pss_digest &&
	       a->pss_mgf == b->pss_mgf && a->pss_salt == b->pss_salt;
}

/* A multi-part signature goes on with the key and the scheme that it began with, or not at all. */
static bool continues(const struct session *session, const struct sign_request *sign,
		      GError **error)
{
	if (!session->operation ||
	    (memcmp(session->operation_hash, sign->hash, WIRE_SPKI_HASH) == 0 &&
	     scheme_equal(&session->operation_scheme, &sign->scheme)))
		return true;
	return devid_error_set(error, DEVID_USAGE, NULL, NULL,
			       "signature: another one is under way on this connection");
}

struct key *sign_request_key(struct session *session, struct subject *subject, GError **error)
{
	struct agent *agent = session->agent;
	struct key *key = keycache_peek(agent->keys, subject->spki_hash);
	GError *failure = NULL;

	if (key)
		return key;
	session->slow(session, true);
	key = keycache_get(agent->keys, subject, &session->wait, &failure);
	session->slow(session, false);
	if (key)
		return key;
	/* A client that hung up was refused nothing. */
	if (!g_atomic_int_get(&session->gone))
		gate_failed(agent->gate, &session->peer, subject, session->prompted, failure);
	g_propagate_error(error, failure);
	return NULL;
}

static bool begin_operation(struct session *session, const struct sign_request *sign,
			    struct key *key, GError **error)
{
	session->operation = key_begin(key, &sign->scheme, error);
	if (!session->operation)
		return false;
	session->operation_key = key_ref(key);
	session->operation_scheme = sign->scheme;
	memcpy(session->operation_hash, sign->hash, WIRE_SPKI_HASH);
	return true;
}

static bool sign_part(struct session *session, const struct sign_request *sign, struct key *key,
		      GError **error)
{
	if (!session->operation && !begin_operation(session, sign, key, error))
		return false;
	return key_update(session->operation, sign->data.data, sign->data.length, error);
}

static bool sign_last(struct session *session, const struct sign_request *sign, struct key *key,
		      struct wire_frame *reply, GError **error)
{
	guint8 signature[KEY_SIGNATURE_MAX];
	gsize length = 0;
	bool good;

	if (session->operation)
		good = sign_part(session, sign, key, error) &&
		       key_finish(session->operation, signature, &length, error);
	else
		good = key_sign(key, &sign->scheme, sign->data.data, sign->data.length, signature,
				&length, error);
	if (good)
		wire_put(reply, TAG_SIGNATURE, signature, length);
	sign_request_end(session);
	return good;
}

/* Hardware that fails, or is another: the same as a key that could not be had. What a client asks
 * amiss is between it and the key.
 */
static void hardware_failed(struct session *session, struct subject *subject, const GError *error)
{
	enum devid_result result = devid_error_result(error);

	if (result != DEVID_STORE_MISSING && result != DEVID_STORE_LOCKED &&
	    result != DEVID_STORE_TIMEOUT && result != DEVID_KEY_MISSING)
		return;
	/* One that is busy has the key all the same. */
	if (result != DEVID_STORE_TIMEOUT)
		keycache_drop(session->agent->keys, subject->spki_hash);
	gate_failed(session->agent->gate, &session->peer, subject, false, error);
}

/* Nobody else comes by who would: a former key that is over does not stay until the next import.
 * Who is refused is asked for no keyring's password. */
static void clear_former(struct session *session)
{
	g_autoptr(GError) error = NULL;

	session->slow(session, true);
	if (!writer_sweep(session->agent->scope, store_wait_cancel(&session->wait), &error))
		g_warning("%s", error->message);
	session->slow(session, false);
}

bool handle_sign(const struct exchange *exchange, GError **error)
{
	struct session *session = exchange->session;
	g_autoptr(gate_subject) subject = NULL;
	g_autoptr(key_reference) key = NULL;
	struct sign_request sign;
	GError *failure = NULL;
	bool good;

	good = read_sign(exchange->request, &sign, error) && continues(session, &sign, error);
	if (good)
		subject = gate_pass(session->agent->gate, &session->peer, sign.hash, error);
	if (subject)
		key = sign_request_key(session, subject, error);
	else if (good && gate_has_ended(session->agent->gate, sign.hash))
		clear_former(session);
	good = key && (sign.more ? sign_part(session, &sign, key, &failure)
				 : sign_last(session, &sign, key, exchange->reply, &failure));
	if (!good)
		sign_request_end(session);
	else
		gate_used(session->agent->gate, &session->peer, subject);
	if (failure) {
		hardware_failed(session, subject, failure);
		g_propagate_error(error, failure);
	}
	return good;
}
