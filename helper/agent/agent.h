/* The agent as its parts see each other: one `struct agent` a process, one `struct session` a client.
 *
 *   main.c -> harden.c, listen.c, server.c
 *   server.c (accepts, watches the clock and hangups) -> connection.c (a thread a client)
 *   connection.c -> request.c (one table of requests) -> gate.c, keycache.c, identity.h, store.h
 *   gate.c -> watch.c (did the account or the records change), refusal.c (30 s), report.c (events)
 */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include <sys/types.h>
#include <glib.h>
#include <internal/path.h>
#include <internal/wire.h>
#include "key/key.h"
#include "store/store.h"

struct gate;
struct identity_undo;
struct keycache;
struct key_handle;
struct report;
struct server;

struct agent {
	enum half half;
	uid_t uid;	/* the agent's own */
	gint64 started; /* g_get_monotonic_time() */
	struct report *report;
	struct keycache *keys;
	struct gate *gate;
	struct server *server; /* NULL in tests without one */
	GThread *warm_up;
};

void agent_init(struct agent *agent, enum half half);
void agent_clear(struct agent *agent);
/* What need not be done before listening, and is done beside it: GnuTLS, libcrypto's algorithms, account
 * and records. Everything that needs GnuTLS calls agent_ready() first.
 */
void agent_warm_up(struct agent *agent);
void agent_ready(void);

/* Who asks. The executable is looked up when it is first needed. */
struct peer {
	uid_t uid;
	gid_t gid;
	pid_t pid;
	guint64 start_time; /* with pid: one process; 0: not known */
	char *program;	    /* /proc/PID/exe, else comm; never NULL after peer_look() */
	gboolean looked;
	guint8 used_key[WIRE_SPKI_HASH]; /* the key whose first use was last told */
	gboolean used;
	/* gate.c: whether the account lets this peer use the system half */
	guint64 asked_epoch;
	gint64 asked_at;
	gboolean may_sign;
};
gboolean peer_of_socket(struct peer *peer, int fd);
void peer_look(struct peer *peer);
/* NULL: the user database has none for its uid. The caller frees. */
char *peer_user_name(const struct peer *peer);
void peer_clear(struct peer *peer);

/* One client's state between its requests. */
struct session {
	struct agent *agent;
	struct peer peer;
	/* How a handler waits for a store: filled by connection.c; `slow` tells that a wait begins or
	 * ends, so that the peer's hangup is watched meanwhile.
	 */
	struct store_wait wait;
	void (*slow)(struct session *session, gboolean begins);
	gint prompted; /* atomic: a prompt was opened for the present request */
	gint gone;     /* atomic: the peer hung up while it was waited for */
	/* a multi-part signature */
	struct key_handle *operation_key;
	struct key_operation *operation;
	struct key_scheme operation_scheme;
	guint8 operation_hash[WIRE_SPKI_HASH];
	/* an import that is not kept yet */
	struct identity_undo *undo;
	char *undo_label;
	bool undo_size_accepted;
	GBytes *undo_certificate;
};
void session_init(struct session *session, struct agent *agent);
/* Undoes an import that was not kept, ends a multi-part signature. */
void session_clear(struct session *session);
/* Answers one validated request; `reply` is finished. */
void session_handle(struct session *session, const struct wire_frame *request,
		    struct wire_frame *reply);

#endif
