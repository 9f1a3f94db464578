/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of requests: who may ask what, and who answers. */
#include <stdlib.h>
#include <string.h>
#include <internal/cleanup.h>
#include "config.h"
#include "agent/gate/gate.h"
#include "agent/gate/peer.h"
#include "agent/gate/ready.h"
#include "base/bus.h"
#include "base/error.h"
#include "agent.h"
#include "request.h"
#include "session.h"
#include "sign-request.h"
#include "write-request.h"

enum who {
	WHO_ANYBODY,
	WHO_SIGNER, /* the gate decides, by the account */
	WHO_OWNER,  /* the user's scope: its user; the machine's: root */
};

/* Asked only where our own is gone. */
static void take_bus(const struct exchange *exchange)
{
	struct session *session = exchange->session;
	AUTO_FREE char *bus = wire_get_text(exchange->request, TAG_BUS);

	if (bus && session->agent->scope == SCOPE_USER &&
	    session->peer.uid == session->agent->uid && bus_offer(bus))
		gate_forget_store(session->agent->gate);
}

static bool handle_hello(const struct exchange *exchange, GError **error)
{
	struct session *session = exchange->session;
	guint32 protocol = 0;

	take_bus(exchange);
	wire_put_u32(exchange->reply, TAG_PROTOCOL, WIRE_VERSION);
	wire_put_text(exchange->reply, TAG_VERSION, DEVID_VERSION);
	wire_put_u32(exchange->reply, TAG_MAY_SIGN,
		     gate_may_sign(session->agent->gate, &session->peer));
	/* A newer client can't use this agent, and its own can't listen before this one is gone. */
	if (wire_get_u32(exchange->request, TAG_PROTOCOL, &protocol) && protocol > WIRE_VERSION &&
	    (session->peer.uid == session->agent->uid || session->peer.uid == 0))
		agent_leave(session->agent);
	return true;
}

static const struct request {
	enum wire_type type;
	const char *name;
	enum who who;
	bool (*handle)(const struct exchange *exchange, GError **error);
} requests[] = {
	{ WIRE_HELLO, "hello", WHO_ANYBODY, handle_hello },
	{ WIRE_SIGN, "sign", WHO_SIGNER, handle_sign },
	{ WIRE_IMPORT, "import", WHO_OWNER, handle_import },
	{ WIRE_WRITE, "write", WHO_OWNER, handle_write },
	{ WIRE_REMOVE, "remove", WHO_OWNER, handle_remove },
	{ WIRE_RENAME, "rename", WHO_OWNER, handle_rename },
	{ WIRE_STATUS, "status", WHO_OWNER, handle_status },
	{ WIRE_FORGET, "forget", WHO_OWNER, handle_forget },
	{ WIRE_REFUSED, "note a refusal", WHO_OWNER, handle_refused },
	{ WIRE_GENERATE, "generate a key", WHO_OWNER, handle_generate },
	{ WIRE_CERTIFY, "sign a request", WHO_OWNER, handle_certify },
	{ WIRE_WRAP, "wrap a key", WHO_OWNER, handle_wrap },
	{ WIRE_TPM, "use the TPM", WHO_SIGNER, handle_tpm },
};

static const struct request *find_request(enum wire_type type)
{
	for (gsize i = 0; i < G_N_ELEMENTS(requests); i++)
		if (requests[i].type == type)
			return &requests[i];
	return NULL;
}

static bool is_owner(const struct session *session)
{
	if (session->agent->scope == SCOPE_SYSTEM)
		return session->peer.uid == 0;
	return session->peer.uid == session->agent->uid;
}

/* A request that may remove a private half also tells what its store keeps of it. */
static bool handle_change(const struct request *request, const struct exchange *exchange,
			  GError **error)
{
	g_autoptr(GPtrArray) kept = g_ptr_array_new_with_free_func(g_free);
	bool good;

	exchange->session->wait.kept = kept;
	good = request->handle(exchange, error);
	exchange->session->wait.kept = NULL;
	for (guint i = 0; i < kept->len; i++)
		wire_put_text(exchange->reply, TAG_KEPT, g_ptr_array_index(kept, i));
	return good;
}

static bool answer(const struct exchange *exchange, GError **error)
{
	const struct request *request = find_request(wire_type(exchange->request));

	if (!request)
		return devid_error_set(
			error, DEVID_UNSUPPORTED, NULL,
			"after an update, end the agent that runs: the next use starts the "
			"new one",
			"agent: this is not a request");
	if (request->who == WHO_OWNER && !is_owner(exchange->session))
		return devid_error_set(
			error, DEVID_DENIED, NULL,
			exchange->session->agent->scope == SCOPE_SYSTEM ? "as root, by sudo"
									: "as that user",
			"agent: only %s may ask this agent to %s",
			exchange->session->agent->scope == SCOPE_SYSTEM ? "root" : "its user",
			request->name);
	ready_gnutls();
	if (request->who != WHO_OWNER)
		return request->handle(exchange, error);
	return handle_change(request, exchange, error);
}

/* A message may quote what the client sent; it stays one line all the same. */
static void put_line(struct wire_frame *reply, enum wire_tag tag, const char *text)
{
	AUTO_FREE char *line = text ? devid_text_escape(text, strlen(text)) : NULL;

	wire_put_text(reply, tag, line);
}

static void reply_error(struct wire_frame *reply, const GError *error)
{
	enum devid_result result = devid_error_result(error);

	wire_begin(reply, WIRE_REPLY);
	wire_put_u32(reply, TAG_RESULT, result == DEVID_OK ? DEVID_FAILED : result);
	put_line(reply, TAG_MESSAGE, error->message);
	wire_put_text(reply, TAG_REASON, devid_error_reason(error));
	put_line(reply, TAG_HINT, devid_error_hint(error));
	wire_put_text(reply, TAG_BRACKETS, devid_error_brackets(error));
}

void request_handle(struct session *session, const struct wire_frame *request,
		    struct wire_frame *reply)
{
	struct exchange exchange = { session, request, reply };
	g_autoptr(GError) error = NULL;
	bool good;

	wire_begin(reply, WIRE_REPLY);
	wire_put_u32(reply, TAG_RESULT, DEVID_OK);
	good = answer(&exchange, &error);
	if (good && wire_finish(reply) == DEVID_OK)
		return;
	if (good)
		devid_error_set(&error, reply->result, NULL, NULL,
				"agent: the answer does not fit in a frame");
	else if (!error)
		devid_error_set(&error, DEVID_FAILED, NULL, NULL, "agent: no cause was given");
	reply_error(reply, error);
	if (wire_finish(reply) == DEVID_OK)
		return;
	/* A message that is too long for a frame, or no memory for it. */
	wire_begin(reply, WIRE_REPLY);
	wire_put_u32(reply, TAG_RESULT, devid_error_result(error));
	(void)!wire_finish(reply);
}

void request_begin(struct session *session, struct agent *agent)
{
	memset(session, 0, sizeof(*session));
	session->agent = agent;
}

void request_end(struct session *session)
{
	sign_request_end(session);
	write_request_end(session);
	peer_clear(&session->peer);
	g_clear_object(&session->wait.cancel);
}
