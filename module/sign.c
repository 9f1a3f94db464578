/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signing operations: see sign.h. */
#include <stdlib.h>
#include "error.h"
#include "interface.h"
#include "library.h"
#include "refusal.h"
#include "session.h"
#include "agent.h"
#include "operation.h"
#include "sign.h"
#include "token.h"

/* One SIGN frame, and where its signature goes. */
struct frame {
	const struct operation *sign;
	const uint8_t *data;
	size_t length;
	bool more;
	uint8_t *signature;
};

static enum devid_result build(struct wire_frame *request, const void *data)
{
	const struct frame *frame = data;
	const struct mechanism_use *use = &frame->sign->use;

	wire_begin(request, WIRE_SIGN);
	wire_put(request, TAG_SPKI_HASH, frame->sign->spki_hash, WIRE_SPKI_HASH);
	wire_put_u32(request, TAG_SCHEME, use->scheme);
	wire_put_u32(request, TAG_DIGEST, use->digest);
	if (use->scheme == SCHEME_RSA_PSS) {
		wire_put_u32(request, TAG_PSS_DIGEST, use->pss_digest);
		wire_put_u32(request, TAG_PSS_MGF, use->pss_mgf);
		wire_put_u32(request, TAG_PSS_SALT, use->pss_salt);
	}
	wire_put(request, TAG_DATA, frame->data, frame->length);
	if (frame->more)
		wire_put_u32(request, TAG_MORE, 1);
	return wire_finish(request);
}

static enum devid_result read_signature(const struct wire_frame *reply, void *data)
{
	const struct frame *frame = data;
	struct wire_field field;

	if (!wire_get(reply, TAG_SIGNATURE, &field) || field.length != frame->sign->use.signature)
		return DEVID_BAD_DATA;
	memcpy(frame->signature, field.data, field.length);
	return DEVID_OK;
}

static void tell_failed(const struct wire_frame *reply, enum devid_result result, const void *data)
{
	const struct frame *frame = data;

	if (frame->sign->scope == SCOPE_SYSTEM)
		refusal_tell(frame->sign->spki_hash, result, reply);
}

/* The agent is asked for what it will refuse, so that the log says which program goes on with what.
 */
static CK_RV tell_dead(enum scope scope, CK_OBJECT_HANDLE key)
{
	const uint8_t *spki_hash = token_take_dead(scope, key);
	struct operation sign = { .scope = scope, .use = { .scheme = SCHEME_ECDSA } };
	struct frame frame = { .sign = &sign };
	const struct agent_request request = { build, NULL, &frame, tell_failed };

	if (spki_hash) {
		memcpy(sign.spki_hash, spki_hash, WIRE_SPKI_HASH);
		(void)!agent_call(scope, &request);
	}
	return library_is_ending() ? CKR_CRYPTOKI_NOT_INITIALIZED : CKR_KEY_HANDLE_INVALID;
}

CK_RV sign_init(struct session *session, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	const struct object *object;
	struct mechanism_use use;
	CK_RV rv;

	if (!mechanism)
		return CKR_ARGUMENTS_BAD;
	if (session->sign.active || session->sign.busy)
		return CKR_OPERATION_ACTIVE;
	object = token_look(session->scope, key);
	if (!object)
		return tell_dead(session->scope, key);
	if (object->class == OBJECT_CERTIFICATE)
		return CKR_KEY_HANDLE_INVALID;
	rv = mechanism_start(mechanism, object->credential->key_type, object->credential->key_bits,
			     &use);
	if (rv != CKR_OK)
		return rv;
	if (use.scheme == SCHEME_RSA_PSS && object->credential->no_pss)
		return CKR_MECHANISM_INVALID;
	/* After CKR_KEY_TYPE_INCONSISTENT, which goes before it (section 5.1.6). */
	if (object->class != OBJECT_PRIVATE_KEY)
		return CKR_KEY_FUNCTION_NOT_PERMITTED;
	session->sign = (struct operation){ .active = true, .scope = session->scope, .use = use };
	memcpy(session->sign.spki_hash, object->credential->spki_hash, WIRE_SPKI_HASH);
	return CKR_OK;
}

/* Takes the operation out of its session, for as long as the lock may be given up. Answers what
 * finds the session then. */
static CK_SESSION_HANDLE take(struct session *session, struct operation *sign)
{
	*sign = session->sign;
	session->sign = (struct operation){ .busy = true };
	return session->handle;
}

/* Ends the operation, or puts it back; the session may have been closed meanwhile. */
static CK_RV put_back(CK_SESSION_HANDLE handle, struct operation *sign, CK_RV rv, bool over)
{
	struct session *session = session_find(handle);

	if (!session || over) {
		operation_clear(sign);
		if (session)
			session->sign = *sign;
	} else {
		session->sign = *sign;
	}
	if (!session)
		return library_is_ending() ? CKR_CRYPTOKI_NOT_INITIALIZED : CKR_SESSION_CLOSED;
	return rv;
}

/* Ends the operation where it lies. */
static CK_RV end(struct session *session, CK_RV rv)
{
	operation_clear(&session->sign);
	return rv;
}

/* On the connection that a message of several parts has to itself. */
static enum devid_result exchange(const struct operation *sign, const struct frame *frame)
{
	struct connection *stream = sign->stream;
	enum devid_result result = build(&stream->request, frame);

	if (result != DEVID_OK)
		return result;
	result = agent_exchange(stream);
	if (result != DEVID_OK && stream->client.fd >= 0)
		tell_failed(&stream->reply, result, frame);
	return result;
}

static enum devid_result send_part(struct operation *sign, const uint8_t *data, size_t length)
{
	struct frame frame = { sign, data, length, true, NULL };
	enum devid_result result = DEVID_OK;

	if (!sign->stream)
		result = agent_open(sign->scope, &sign->stream);
	if (result == DEVID_OK)
		result = exchange(sign, &frame);
	return result;
}

static enum devid_result send_last(struct operation *sign, const uint8_t *data, size_t length,
				   uint8_t *signature)
{
	struct frame frame = { sign, data, length, false, signature };
	const struct agent_request request = { build, read_signature, &frame, tell_failed };
	enum devid_result result;

	if (!sign->stream)
		return agent_call(sign->scope, &request);
	result = exchange(sign, &frame);
	if (result == DEVID_OK)
		result = read_signature(&sign->stream->reply, &frame);
	if (result == DEVID_OK) {
		agent_close(sign->stream, true);
		sign->stream = NULL;
	}
	return result;
}

static enum devid_result send_message(struct operation *sign, const uint8_t *data, size_t length,
				      uint8_t *signature)
{
	enum devid_result result;

	for (; length > WIRE_DATA_MAX; data += WIRE_DATA_MAX, length -= WIRE_DATA_MAX) {
		result = send_part(sign, data, WIRE_DATA_MAX);
		if (result != DEVID_OK)
			return result;
	}
	return send_last(sign, data, length, signature);
}

/* A question for the length, or too little room: true, and the operation goes on. */
static bool asks_length(const struct operation *sign, const CK_BYTE *signature, CK_ULONG *length,
			CK_RV *rv)
{
	CK_ULONG room = *length;

	if (signature && room >= sign->use.signature)
		return false;
	*length = sign->use.signature;
	*rv = signature ? CKR_BUFFER_TOO_SMALL : CKR_OK;
	return true;
}

/* Sends the rest of the message, and ends the operation. */
static CK_RV finish(struct session *session, const uint8_t *data, size_t length, CK_BYTE *signature,
		    CK_ULONG *signature_length)
{
	struct operation sign;
	CK_SESSION_HANDLE handle = take(session, &sign);
	enum devid_result result = sign.refused;

	if (result == DEVID_OK)
		result = send_message(&sign, data, length, signature);
	if (result == DEVID_OK)
		*signature_length = sign.use.signature;
	return put_back(handle, &sign, error_of_use(result), true);
}

CK_RV sign_single(struct session *session, const CK_BYTE *data, CK_ULONG length, CK_BYTE *signature,
		  CK_ULONG *signature_length)
{
	CK_RV rv;

	if (!session->sign.active)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (session->sign.parts)
		return end(session, CKR_OPERATION_NOT_INITIALIZED);
	if (!signature_length || (!data && length > 0))
		return end(session, CKR_ARGUMENTS_BAD);
	if (asks_length(&session->sign, signature, signature_length, &rv))
		return rv;
	if (session->sign.use.cut && length > session->sign.use.data_max)
		length = session->sign.use.data_max;
	if (length < session->sign.use.data_min || length > session->sign.use.data_max)
		return end(session, CKR_DATA_LEN_RANGE);
	return finish(session, data, length, signature, signature_length);
}

/* Only what ends in a signature can answer CKR_FUNCTION_REJECTED (section 5.11): the operation goes
 * on, to be refused at its end.
 */
static enum devid_result keep_refusal(struct operation *sign, enum devid_result result)
{
	if (error_of_use(result) != CKR_FUNCTION_REJECTED)
		return result;
	sign->refused = result;
	return DEVID_OK;
}

static bool grow(struct operation *sign, size_t wanted)
{
	size_t room = sign->room ? sign->room : 1024;
	uint8_t *larger;

	if (wanted <= sign->room)
		return true;
	while (room < wanted)
		room *= 2;
	if (room > WIRE_DATA_MAX)
		room = WIRE_DATA_MAX;
	larger = realloc(sign->buffer, room);
	if (!larger)
		return false;
	sign->buffer = larger;
	sign->room = room;
	return true;
}

static enum devid_result add_part(struct operation *sign, const uint8_t *part, size_t length)
{
	do {
		size_t free_room = WIRE_DATA_MAX - sign->length;
		size_t now = length < free_room ? length : free_room;
		enum devid_result result;

		if (!grow(sign, sign->length + now))
			return DEVID_NO_MEMORY;
		if (now > 0)
			memcpy(sign->buffer + sign->length, part, now);
		sign->length += now;
		part += now;
		length -= now;
		if (length == 0)
			return DEVID_OK;
		result = send_part(sign, sign->buffer, sign->length);
		if (result != DEVID_OK)
			return result;
		sign->length = 0;
	} while (length > 0);
	return DEVID_OK;
}

CK_RV sign_update(struct session *session, const CK_BYTE *part, CK_ULONG length)
{
	enum devid_result result;
	struct operation sign;
	CK_SESSION_HANDLE handle;

	if (!session->sign.active)
		return CKR_OPERATION_NOT_INITIALIZED;
	/* The bare mechanisms are of one part (PKCS#11 Mechanisms v2.40 sections 2.1 and 2.3). */
	if (!session->sign.use.parts)
		return end(session, CKR_OPERATION_NOT_INITIALIZED);
	if (!part && length > 0)
		return end(session, CKR_ARGUMENTS_BAD);
	handle = take(session, &sign);
	sign.parts = true;
	result = length > 0 && sign.refused == DEVID_OK ? add_part(&sign, part, length) : DEVID_OK;
	result = keep_refusal(&sign, result);
	return put_back(handle, &sign, error_of_use(result), result != DEVID_OK);
}

CK_RV sign_final(struct session *session, CK_BYTE *signature, CK_ULONG *signature_length)
{
	CK_RV rv;

	if (!session->sign.active)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (!session->sign.use.parts)
		return end(session, CKR_OPERATION_NOT_INITIALIZED);
	if (!signature_length)
		return end(session, CKR_ARGUMENTS_BAD);
	if (asks_length(&session->sign, signature, signature_length, &rv))
		return rv;
	return finish(session, session->sign.buffer, session->sign.length, signature,
		      signature_length);
}

CK_RV sign_state(const struct session *session, const CK_ULONG *length)
{
	if (!length)
		return CKR_ARGUMENTS_BAD;
	/* A search is not a cryptographic operation. */
	return session->sign.active || session->sign.busy ? CKR_STATE_UNSAVEABLE
							  : CKR_OPERATION_NOT_INITIALIZED;
}

CK_RV sign_cancel(struct session *session)
{
	return session->sign.busy ? CKR_OPERATION_CANCEL_FAILED : end(session, CKR_OK);
}
