/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The agent as a command talks to it: what it answers becomes a GError. */
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>
#include <internal/test-hook.h>
#include <internal/trust.h>

#include <devid/event.h>
#include <devid/reason.h>
#include "base/error.h"
#include "agent.h"
#include "front.h"

/* As whom the machine's agent runs. */
#define SYSTEM_USER "devid"

static const char *agent_title(enum scope scope)
{
	return scope == SCOPE_SYSTEM ? "the machine's agent" : "the agent";
}

bool agent_connect(struct client *client, enum scope scope, enum client_start start, GError **error)
{
	enum devid_result result;
	char fault[PATH_BUFFER];

	/* What root left in its way is mended before it is needed. */
	if (scope == SCOPE_SYSTEM && devid_event_hand_over() == DEVID_NOT_FOUND)
		return devid_error_set(
			error, DEVID_AGENT_GONE, NULL,
			"systemd-sysusers devid.conf && systemd-tmpfiles --create devid.conf",
			"%s: there is no user devid, as which it runs", agent_title(scope));
	result = client_connect(client, scope, start);
	if (result == DEVID_OK)
		return true;
	if (result == DEVID_AGENT_GONE && start == CLIENT_NO_START)
		devid_error_set(error, result, NULL, NULL, "%s: not running", agent_title(scope));
	else if (result == DEVID_AGENT_GONE && scope == SCOPE_SYSTEM &&
		 (geteuid() != 0 || path_systemd_has_agent()))
		devid_error_set(error, result, NULL, "as root: systemctl start devid-agent.socket",
				"%s: not running", agent_title(scope));
	else if (result == DEVID_AGENT_GONE && scope == SCOPE_SYSTEM && !getpwnam(SYSTEM_USER))
		devid_error_set(error, result, NULL,
				"systemd-sysusers makes it; run it as root, once",
				"%s: could not be started: there is no user " SYSTEM_USER,
				agent_title(scope));
	else if (result == DEVID_AGENT_GONE)
		devid_error_set(error, result, NULL, "is devid installed as a whole?",
				"%s: could not be started: %s", agent_title(scope), path_agent());
	else if (result == DEVID_DENIED && start == CLIENT_START &&
		 !path_may_run(path_agent(), fault))
		devid_error_set(error, result, NULL, TEST_HOOK_NAME("unset DEVID_AGENT"),
				TEST_HOOK_NAME("DEVID_AGENT=") "%s: %s: " PATH_NOT_ROOTS,
				path_agent(), fault);
	else
		devid_error_set(error, result, NULL, NULL, "%s: %s", agent_title(scope),
				devid_reason_for(result)->cause);
	return false;
}

/* A refusal in the agent's own words, where it sent some. */
static void error_from_reply(const struct wire_frame *reply, enum devid_result result,
			     enum scope scope, GError **error)
{
	char *message = wire_get_text(reply, TAG_MESSAGE);
	char *reason = wire_get_text(reply, TAG_REASON);
	char *hint = wire_get_text(reply, TAG_HINT);
	char *brackets = wire_get_text(reply, TAG_BRACKETS);
	GError *made = NULL;

	if (message)
		devid_error_set(&made, result, reason, hint, "%s", message);
	else
		devid_error_set(&made, result, reason, hint, "%s: %s", agent_title(scope),
				devid_reason_for(result)->cause);
	if (brackets)
		devid_error_set_brackets(made, brackets);
	g_propagate_error(error, made);
	free(message);
	free(reason);
	free(hint);
	free(brackets);
}

bool agent_ask(struct client *client, struct wire_frame *request, struct wire_frame *reply,
	       GError **error)
{
	enum devid_result result = wire_finish(request);

	if (result != DEVID_OK)
		return devid_error_set(error, result, NULL, NULL,
				       "%s: the request can't be made: %s",
				       agent_title(client->scope), devid_reason_for(result)->cause);
	client_on_wait(front_waiting);
	result = client_call(client, request, reply);
	if (result == DEVID_OK)
		return true;
	if (client->fd < 0 || reply->bytes.length == 0)
		devid_error_set(error, result, NULL, NULL, "%s: %s", agent_title(client->scope),
				devid_reason_for(result)->cause);
	else
		error_from_reply(reply, result, client->scope, error);
	return false;
}

bool agent_try_key(const struct identity *identity, GError **error)
{
	AUTO_CLIENT struct client client = CLIENT_INIT;
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT, reply = WIRE_FRAME_INIT;
	int algorithm = gnutls_x509_crt_get_pk_algorithm(identity->chain[0], NULL);

	wire_begin(&request, WIRE_SIGN);
	wire_put(&request, TAG_SPKI_HASH, identity->record->spki_hash, WIRE_SPKI_HASH);
	wire_put_u32(&request, TAG_SCHEME,
		     algorithm == GNUTLS_PK_RSA ? SCHEME_RSA_PKCS1 : SCHEME_ECDSA);
	wire_put_u32(&request, TAG_DIGEST, DIGEST_SHA256);
	wire_put_text(&request, TAG_DATA, "devid: a trial of the key");
	return agent_connect(&client, identity->scope, CLIENT_START, error) &&
	       agent_ask(&client, &request, &reply, error);
}
