/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The small client of the agent: finds the socket, checks who owns it and who listens, starts the
 * agent where nothing listens, and makes one call. libc alone; no thread, no signal handler, no
 * state between calls but the connection. Used by the module and by the command.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <internal/spin.h>
#include <internal/path.h>
#include <internal/wire.h>

#define CLIENT_WAIT_MS	      5000   /* without progress */
#define CLIENT_PROMPT_WAIT_MS 120000 /* in all, while progress frames say that a prompt is open */

struct client {
	int fd;	     /* -1: not connected */
	pid_t owner; /* the process that connected: a forked child must not use it */
	enum scope scope;
	bool may_sign; /* from HELLO */
	ino_t inode;   /* of the socket: a host that closes every descriptor may have reused ours */
	unsigned expected_us; /* how long an answer took lately; 0: not known */
	int late_us;	      /* by how much a short sleep ends late here */
	struct spin spin;
};
#define CLIENT_LATE_US 50 /* the kernel's usual slack, to begin with */
#define CLIENT_INIT    ((struct client){ -1, 0, SCOPE_USER, false, 0, 0, CLIENT_LATE_US, { 0, 0 } })
#define AUTO_CLIENT    __attribute__((cleanup(client_close)))

enum client_start {
	CLIENT_NO_START, /* connect to one that listens, else DEVID_AGENT_GONE at once */
	CLIENT_START,	 /* start one where nothing listens (the system's: root alone) */
};

/* Connects, checks the peer (socket folder of our euid and 0700, peer uid ours; for the system
 * scope the folder is not writable by others and the peer is uid 0 or the folder's owner), says
 * HELLO. An agent of another protocol version is asked to leave no more than once and then
 * DEVID_AGENT_GONE.
 */
enum devid_result client_connect(struct client *client, enum scope scope,
				 enum client_start start) DEVID_MUST_USE;
/* Closes; in a forked child it only drops the descriptor. */
void client_close(struct client *client);

/* Whether there is a connection that this process may use. */
bool client_is_connected(const struct client *client);

/* Sends `request` and waits for the REPLY, which lands in `reply` and is valid to read whenever the
 * connection is still there; the result is that of the wire, or else the RESULT field of the reply.
 * On a wire failure the connection is closed (fd -1) and `reply` is empty.
 */
enum devid_result client_call(struct client *client, const struct wire_frame *request,
			      struct wire_frame *reply) DEVID_MUST_USE;
/* The same, but what is `*broken` stays open until the caller closes it: for one whose other
 * threads may shut it down meanwhile.
 */
enum devid_result client_exchange(struct client *client, const struct wire_frame *request,
				  struct wire_frame *reply, bool *broken) DEVID_MUST_USE;

/* One request to an agent that listens already, from one who has no use for the answer: no HELLO,
 * nothing is started, and `bound_ms` is for all of it. The answer is waited for all the same, since
 * an agent looks at who asks while it does; DEVID_OK says that there was one, whatever it says.
 */
enum devid_result client_tell(enum scope scope, const struct wire_frame *request,
			      int bound_ms) DEVID_MUST_USE;

/* Called at the first PROGRESS frame of each call, in its thread: the agent waits for a person.
 * NULL: by nobody. The command says so; the module never does.
 */
void client_on_wait(void (*told)(void));

/* spawn.c: starts the agent detached, in a built environment, invisible to the host's SIGCHLD and
 * wait(-1); returns when it listens, or another one does, or after CLIENT_WAIT_MS. It is run as
 * `devid-agent --user|--system --ready-fd N`: one byte on N says that an agent listens now (this
 * one, or one that was there first); the end of file without it, that none came up.
 */
enum devid_result spawn_agent(enum scope scope) DEVID_MUST_USE;
