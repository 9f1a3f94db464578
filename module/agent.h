/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The module's connections to the agents. Each is used by one thread at a time and then kept for
 * the next; none survives a fork. All functions are called with the library's lock held; those
 * marked "waits" give it up meanwhile. No agent is started but by agent_call() and agent_open().
 */
#pragma once

#include <internal/client.h>

struct connection {
	struct connection *next; /* in the list of all */
	struct client client;
	bool busy;    /* somebody's */
	bool in_call; /* waiting for an answer, without the lock */
	bool orphan;  /* C_Finalize came meanwhile: whoever uses it frees it */
	/* Kept with the connection: a frame's memory is locked, and dear to make anew. */
	struct wire_frame request, reply;
};

/* A connection of the caller's own, until agent_close(). Waits. */
enum devid_result agent_open(enum scope scope, struct connection **connection) DEVID_MUST_USE;
/* Sends connection->request; the answer is in connection->reply. Waits. */
enum devid_result agent_exchange(struct connection *connection) DEVID_MUST_USE;
/* Gives it back to be used again where `reusable` and still connected, else closes it. */
void agent_close(struct connection *connection, bool reusable);

/* One request on any connection. `build` fills the frame and returns wire_finish(); `read` (may be
 * NULL) looks at the answer, and is not called after a failure; `failed` (may be NULL) is, where
 * the agent answered with one, and may wait. Where a connection kept from earlier turns out dead
 * before it answered, one new one is tried. Waits; `build` and `read` run under the lock.
 */
struct agent_request {
	enum devid_result (*build)(struct wire_frame *request, const void *data);
	enum devid_result (*read)(const struct wire_frame *reply, void *data);
	void *data;
	void (*failed)(const struct wire_frame *reply, enum devid_result result, const void *data);
};
enum devid_result agent_call(enum scope scope, const struct agent_request *request) DEVID_MUST_USE;

/* Whether the system agent signs for this process; remembered for a few seconds. Waits. */
bool agent_may_sign_system(void);

/* C_Finalize: closes what is idle, shuts down what is in use so that its thread comes back. */
void agent_end(void);
/* In a forked child: drops the parent's. Where `whole` is false the list may be half done. */
void agent_forget(bool whole);
