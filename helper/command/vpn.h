/* VPN clients as `devid connect` runs them: a row of the table in vpn-table.c each, a file each. */
#ifndef COMMAND_VPN_H
#define COMMAND_VPN_H

#include <stdbool.h>
#include <stdio.h>
#include <glib.h>
#include <internal/secret.h>

#include "connection.h"

#define VPN_DEFAULT_CLIENT "openconnect"

/* What the user typed, or the keyring had. */
struct sign_in {
	char *user;
	struct secret password;
};
#define SIGN_IN_INIT              \
	{                         \
		NULL, SECRET_INIT \
	}
#define AUTO_SIGN_IN __attribute__((cleanup(sign_in_clear)))
void sign_in_clear(struct sign_in *sign_in);

struct vpn_session {
	const struct connection *connection;
	const char *uri;      /* of the identity, without a type; NULL: without a certificate */
	char **arguments;     /* what stood behind "--", or NULL */
	struct secret ticket; /* what signing in brought; in a form of the driver's own */
	GPtrArray *lines;     /* char*: the last lines that the client wrote … */
	FILE *log;	      /* … which go here as well, or NULL */
	bool as_root;	      /* sudo or pkexec stands between us and what wrote them */
	void *tunnel;	      /* the driver's, from start() on */
	/* Called from the main context. The tunnel stands; `address` may be NULL. */
	void (*connected)(struct vpn_session *session, const char *address);
	/* It is over, once: `error` NULL where stop() asked for it. Takes the error. */
	void (*ended)(struct vpn_session *session, GError *error);
	void *data;
};

struct vpn_driver {
	const char *name;
	bool config_needed, command_needed; /* of the connection's keys */
	bool system; /* runs as root: the machine's token is the one that it can use */
	/* As the user, in the foreground, before start(): fills the ticket. NULL: start() does it all.
	 * `sign_in` NULL: no user name and password are known; then the error's reason may be
	 * "sign-in-needed". Ends within its own bound.
	 */
	gboolean (*sign_in)(struct vpn_session *session, const struct sign_in *sign_in,
			    GError **error);
	/* What start() need not wait for, while the user signs in: there is no ticket yet. NULL: nothing. */
	void (*prepare)(const struct vpn_session *session);
	/* Begins the tunnel; connected() and ended() come later. */
	gboolean (*start)(struct vpn_session *session, GError **error);
	/* Begins the end of it. */
	void (*stop)(struct vpn_session *session);
	/* For --dry-run: adds the commands that would be run, a line each. */
	void (*describe)(const struct vpn_session *session, GPtrArray *lines);
};
const struct vpn_driver *vpn_driver_find(const char *name); /* NULL: no such client */
char *vpn_driver_names(void);				    /* "openconnect, exec, …" */
/* The one that runs this connection here. */
const struct vpn_driver *vpn_driver_for(const struct connection *connection);

extern const struct vpn_driver vpn_openconnect, vpn_exec, vpn_openvpn, vpn_strongswan,
	vpn_networkmanager;

void vpn_session_clear(struct vpn_session *session);
/* Keeps it for the cause, and tells the log. */
void vpn_session_line(struct vpn_session *session, const char *line);

/* vpn-openconnect.c: of what `openconnect --authenticate` printed. NULL: there is no such thing in it, or it is no
 * single word. The cookie is a line, with its end.
 */
char *vpn_ticket_value(const struct secret *ticket, const char *name);
gboolean vpn_ticket_cookie(const struct secret *ticket, struct secret *line);

/* Puts sudo or pkexec before what only root may do. *terminal: its end goes by a terminal. FALSE: there is neither. */
gboolean vpn_as_root(GPtrArray *argv, bool *terminal);
/* The error of whoever may not be root: "root-needed". */
void vpn_root_needed(const struct vpn_session *session, GError **error);
/* Asks sudo ahead, with words like those that will be run: where it lets them, vpn_as_root() takes it unasked. */
void vpn_as_root_ahead(GPtrArray *argv);
/* What was started has ended: true where sudo refused it and pkexec has its turn, so that another start may help. */
bool vpn_root_otherwise(const struct vpn_session *session);

/* vpn-daemon.c: clients that are daemons, told by commands what to do. Each argv is NULL-ended. */
struct vpn_daemon {
	GPtrArray *begin, *look, *end;
	const char *
		present; /* what a line of `look` holds while it is connected; NULL: its status is 0 */
	const char *address; /* in a line of `begin`, what stands before the address; or NULL */
	/* what a line of `look` holds once the tunnel stands; NULL: it does when `begin` has ended */
	const char *settled;
	const char *client;
};
/* Takes the commands over. */
gboolean vpn_daemon_start(struct vpn_session *session, const struct vpn_daemon *daemon,
			  GError **error);
void vpn_daemon_stop(struct vpn_session *session);

/* vpn-cause.c: what the client's last lines mean, in words. `status` as of waitpid(2). */
void vpn_cause(const struct vpn_session *session, const char *client, int status, GError **error);

/* --- vpn-process.c: programs ------------------------------------------------------------------- */

struct vpn_process;
struct vpn_command {
	const char *const *argv;    /* NULL-ended; found by PATH */
	const struct secret *input; /* for its standard input; NULL: none */
	/* in a session with a terminal of its own, by which what runs as root can be ended: a program of
	 * root's can't be signalled, and a terminal that hangs up ends it even where we are killed
	 */
	bool terminal;
	struct secret
		*output; /* takes its standard output as it is; NULL: that too is read by lines */
	void (*line)(const char *line, void *data);
	void (*ended)(int status, void *data); /* once; the process is freed after it */
	void *data;
	int ending; /* the signal that ends it; 0: SIGTERM */
};
/* `client-missing` where there is no such program. The command is not used after the call, but for what
 * `output` points to.
 */
struct vpn_process *vpn_process_start(const struct vpn_command *command, GError **error);
/* vpn-root.c: likewise, as root, the session's program: its lines begin anew. Puts sudo or pkexec before `argv`, and its
 * end; `argv` and `terminal` of the command are filled in.
 */
struct vpn_process *vpn_process_start_as_root(struct vpn_session *session, GPtrArray *argv,
					      struct vpn_command *command, GError **error);
GPid vpn_process_pid(const struct vpn_process *process);
/* An interrupt; what doesn't end by it in 10 s is killed, or its terminal hangs up. */
void vpn_process_stop(struct vpn_process *process);
/* Runs a program to its end, within `bound_ms`: then DEVID_TIMEOUT. `status` as of waitpid(2). */
gboolean vpn_process_run(const struct vpn_command *command, int bound_ms, int *status,
			 GError **error);
/* Ends the program that vpn_process_run() waits for, where it does. */
void vpn_process_interrupt(void);
/* Where a program is: by PATH, or where administrators' programs are. NULL: nowhere. */
char *vpn_program(const char *name);
/* "openconnect --authenticate …", quoted where a shell would need it; newly allocated. */
char *vpn_words(const char *const *argv);

/* --- vpn-tunnel.c: clients that are one process, which carries the tunnel as long as it runs ------ */

struct vpn_tunnel {
	struct vpn_session *session;
	const struct vpn_tunnel_kind *kind;
	struct vpn_process *process;
	char *address;	    /* what it was configured with, or NULL */
	guint timer, looks; /* a source of the driver's, removed with the tunnel, or 0 */
	bool stopping;
};
struct vpn_tunnel_kind {
	const char *client;
	bool root; /* it needs root */
	/* After it was kept; NULL: there is nothing to see in them. */
	void (*line)(struct vpn_tunnel *tunnel, const char *line);
	/* The driver's own: again, where another way to root is left. */
	gboolean (*start)(struct vpn_session *session, GError **error);
};
/* The session's tunnel is a struct vpn_tunnel from then on. `argv` gets its end. */
gboolean vpn_tunnel_start(struct vpn_session *session, const struct vpn_tunnel_kind *kind,
			  GPtrArray *argv, const struct secret *input, GError **error);
void vpn_tunnel_stop(struct vpn_session *session);

/* --- vpn-look.c -------------------------------------------------------------------------------- */

/* Whether an interface of this machine has it. */
bool vpn_address_is_here(const char *address);
/* Whether a program of that name, `pid` or one below it, has children: its script. What can't be seen isn't. */
bool vpn_client_is_busy(GPid pid, const char *name);

#endif
