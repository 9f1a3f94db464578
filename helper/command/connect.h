/* `devid connect` in its parts. */
#ifndef COMMAND_CONNECT_H
#define COMMAND_CONNECT_H

#include "choose.h"
#include "connection-state.h"
#include "describe.h"
#include "vpn.h"

struct connect {
	struct connection *connection;
	const struct vpn_driver *driver;
	const char *label; /* --identity: a label or a URI; NULL: the connection's, or chosen */
	const char *user;  /* --user, or NULL */
	const char *password_file; /* --password-file, or NULL */
	gboolean save, fresh;	   /* --save, --reset-cred */
	gboolean json;
	bool may_ask; /* there may be a person at a terminal */
	FILE *log;    /* where the client's lines go, or NULL */
	/* found by connect_check() */
	struct choice choice;
	struct accounts accounts;
	const struct identity *identity; /* NULL: none is needed, and there is none */
	time_t found;			 /* when that was */
	char *office;			 /* this is that office: no tunnel is needed */
	char *posture; /* refused, and a rule would let in but for the device's state */
	struct vpn_session session;
};
void connect_clear(struct connect *connect);

/* connect-check.c: office, identity, chain, posture, rules; one event. May be called again: it looks anew. */
gboolean connect_check(struct connect *connect, GError **error);
/* The identity alone, for whoever goes on after that check. */
gboolean connect_find(struct connect *connect, GError **error);
/* After a check: whether the account lets nothing be used that fails one. */
bool connect_is_enforced(struct connect *connect);
/* The event of what the gateway said: `error` NULL: it let us in. */
void connect_event(const struct connect *connect, const GError *error);
/* The identity's, for the next time that none is named. */
void connect_remember(const struct connect *connect);

/* connect-sign-in.c: as the user; fills the session's ticket. */
gboolean connect_sign_in(struct connect *connect, GError **error);
/* Forgets what is kept for the connection, and ends it; says so. */
gboolean connect_forget(struct connect *connect, GError **error);

/* supervise.c: makes the tunnel and keeps it until it is ended. `ready` gets one line of JSON when it stands or
 * fails, or is -1.
 */
enum exit_status supervise(struct connect *connect, int ready);

/* retry.c: after how many seconds a connection that dropped is made again, where so many tries were in vain and the
 * last ended so; 0: not any more.
 */
guint retry_after(guint tries, const GError *error);

/* wall-clock.c: calls `then`, once, when the clock shows `when`, or has passed it. The source's id; 0: it can't. */
guint wall_clock_add(time_t when, void (*then)(void *data), void *data);

/* connect-background.c: a supervisor of its own, that lives on. Each FALSE is with its own error. */
struct background {
	int ticket, ready; /* sockets and pipes to it, or -1 */
};
/* Before the sign-in. Takes the lock over. In any case connect_background_end() may follow. */
gboolean connect_background_start(const struct connect *connect, int lock,
				  struct background *background, GError **error);
/* After it. `address` may be NULL then; newly allocated. */
gboolean connect_background_go(struct connect *connect, struct background *background,
			       char **address, GError **error);
/* Instead: it ends, before this returns. */
void connect_background_end(struct background *background);
/* The other side of it. !*signed_in: there was no sign-in, so no tunnel either. */
gboolean connect_read_ticket(struct connect *connect, bool *signed_in, GError **error);
/* Where the client's lines go; newly allocated, NULL: nowhere. */
char *connect_log_path(const char *name);
/* A new one; the one before it is kept beside it. NULL: none can be made. */
FILE *connect_open_log(const char *name);

/* disconnect.c */
gboolean disconnect(const struct connection_state *state, GError **error);

/* connect-diagnose.c */
enum exit_status connect_diagnose(struct connect *connect);

#endif
