/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pool of connections to the agents: see agent.h. */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <internal/clock.h>
#include "agent.h"
#include "library.h"
#include "refusal.h"

#define IDLE_MAX	  8	/* connections kept for later, each half */
#define FRAME_KEPT	  16384 /* bytes of a frame's memory kept with a connection */
#define MAY_SIGN_SECONDS  5	/* how long an answer is remembered */
#define NO_ANSWER_SECONDS 30	/* and that there was none within the bound */

static struct connection *connections;

static struct {
	time_t until; /* clock_seconds(); 0: not known */
	uid_t uid;
	bool may_sign;
} system_answer;

static struct connection *connection_new(enum scope scope)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	if (!connection)
		return NULL;
	connection->client = CLIENT_INIT;
	connection->client.scope = scope;
	connection->request = WIRE_FRAME_INIT;
	connection->reply = WIRE_FRAME_INIT;
	connection->busy = true;
	connection->next = connections;
	connections = connection;
	return connection;
}

static void connection_free(struct connection *connection)
{
	struct connection **link;

	for (link = &connections; *link; link = &(*link)->next)
		if (*link == connection) {
			*link = connection->next;
			break;
		}
	client_close(&connection->client);
	wire_frame_clear(&connection->request);
	wire_frame_clear(&connection->reply);
	free(connection);
}

/* An idle connection, or else a new one that isn't connected yet. */
static struct connection *take(enum scope scope)
{
	struct connection *connection;

	for (connection = connections; connection; connection = connection->next)
		if (!connection->busy && connection->client.scope == scope) {
			connection->busy = true;
			return connection;
		}
	return connection_new(scope);
}

/* Closes, and remembers whose it is. */
static void drop(struct connection *connection)
{
	enum scope scope = connection->client.scope;

	client_close(&connection->client);
	connection->client.scope = scope;
}

static enum devid_result connect_waiting(struct connection *connection, enum scope scope,
					 enum client_start start)
{
	enum devid_result result;

	library_unlock();
	result = client_connect(&connection->client, scope, start);
	library_lock();
	connection->client.scope = scope;
	/* One that was made after agent_end() is nobody's. */
	if (result == DEVID_OK && (connection->orphan || library_is_ending())) {
		drop(connection);
		result = DEVID_AGENT_GONE;
	}
	return result;
}

void agent_close(struct connection *connection, bool reusable)
{
	enum scope scope = connection->client.scope;
	const struct connection *other;
	unsigned idle = 0;

	for (other = connections; other; other = other->next)
		idle += !other->busy && other->client.scope == scope;
	connection->busy = false;
	/* Locked memory is scarce: what a long message took goes back. */
	if (connection->request.bytes.size > FRAME_KEPT)
		wire_frame_clear(&connection->request);
	if (!reusable || connection->orphan || connection->client.fd < 0 || idle >= IDLE_MAX ||
	    library_is_ending())
		connection_free(connection);
}

enum devid_result agent_exchange(struct connection *connection)
{
	enum devid_result result;
	bool broken;

	connection->in_call = true;
	library_unlock();
	result = client_exchange(&connection->client, &connection->request, &connection->reply,
				 &broken);
	library_lock();
	connection->in_call = false;
	/* Closed under the lock: agent_end() must not shut down what came to have its number. */
	if (broken)
		drop(connection);
	return result;
}

enum devid_result agent_open(enum scope scope, struct connection **opened)
{
	struct connection *connection = connection_new(scope);
	enum devid_result result;

	if (!connection)
		return DEVID_NO_MEMORY;
	result = connect_waiting(connection, scope, CLIENT_START);
	if (result != DEVID_OK) {
		agent_close(connection, false);
		return result;
	}
	*opened = connection;
	return DEVID_OK;
}

enum devid_result agent_call(enum scope scope, const struct agent_request *request)
{
	struct connection *connection = take(scope);
	enum devid_result result = DEVID_OK;
	bool answered = false;

	if (!connection)
		return DEVID_NO_MEMORY;
	for (bool fresh = false;; fresh = true) {
		bool used_before = connection->client.fd >= 0;

		if (!used_before)
			result = connect_waiting(connection, scope, CLIENT_START);
		if (result == DEVID_OK)
			result = request->build(&connection->request, request->data);
		answered = result == DEVID_OK;
		if (result == DEVID_OK)
			result = agent_exchange(connection);
		/* The agent that we knew has left: its successor hasn't seen the request. */
		if (result != DEVID_AGENT_GONE || !used_before || fresh || connection->orphan)
			break;
		result = DEVID_OK;
	}
	if (result == DEVID_OK && request->read)
		result = request->read(&connection->reply, request->data);
	else if (result != DEVID_OK && request->failed && answered && connection->client.fd >= 0)
		request->failed(&connection->reply, result, request->data);
	agent_close(connection, true);
	return result;
}

bool agent_may_sign_system(void)
{
	struct connection *connection;
	enum devid_result result = DEVID_OK;
	uid_t uid = geteuid();
	bool may_sign;

	/* Root sees them even where nothing listens yet: it may start the agent. */
	if (uid == 0)
		return true;
	if (system_answer.until > clock_seconds() && system_answer.uid == uid)
		return system_answer.may_sign;
	connection = connection_new(SCOPE_SYSTEM);
	if (!connection)
		return false;
	result = connect_waiting(connection, SCOPE_SYSTEM, CLIENT_NO_START);
	may_sign = result == DEVID_OK && connection->client.may_sign;
	agent_close(connection, true);
	system_answer.may_sign = may_sign;
	system_answer.uid = uid;
	system_answer.until =
		clock_seconds() + (result == DEVID_TIMEOUT ? NO_ANSWER_SECONDS : MAY_SIGN_SECONDS);
	return may_sign;
}

void agent_end(void)
{
	struct connection *connection, *next;

	for (connection = connections; connection; connection = next) {
		next = connection->next;
		if (!connection->busy) {
			connection_free(connection);
			continue;
		}
		connection->orphan = true;
		if (connection->in_call && client_is_connected(&connection->client))
			shutdown(connection->client.fd, SHUT_RDWR);
	}
	system_answer.until = 0;
	refusal_forget();
}

void agent_forget(bool whole)
{
	struct connection *connection, *next;

	for (connection = connections; connection; connection = next) {
		next = connection->next;
		/* One in use elsewhere is closed and left: its frames may be half done. */
		if (whole && !connection->busy)
			connection_free(connection);
		else
			client_close(&connection->client);
	}
	connections = NULL;
	system_answer.until = 0;
	refusal_forget();
}
