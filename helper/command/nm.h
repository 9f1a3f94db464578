/* NetworkManager by D-Bus, as much of it as a VPN of the user's own needs. (Its library, libnm, would make every
 * start of the command a sixth slower.)
 */
#ifndef COMMAND_NM_H
#define COMMAND_NM_H

#include <stdbool.h>
#include <gio/gio.h>
#include <internal/secret.h>

#define NM_NAME	       "org.freedesktop.NetworkManager"
#define NM_PATH	       "/org/freedesktop/NetworkManager"
#define NM_ACTIVE      NM_NAME ".Connection.Active"
#define NM_OPENCONNECT NM_NAME ".openconnect"
#define NM_BOUND_MS    (10 * 1000)
/* polkit's own prompt may stand for a while. */
#define NM_PROMPT_BOUND_MS (120 * 1000)

/* NMActiveConnectionState */
enum nm_state { NM_ACTIVATING = 1, NM_ACTIVATED, NM_DEACTIVATING, NM_DEACTIVATED };
/* NMActiveConnectionStateReason, where more than words hang on it */
enum nm_reason {
	NM_REASON_UNKNOWN,
	NM_REASON_NONE,
	NM_REASON_USER_DISCONNECTED,
	NM_REASON_CONNECTION_REMOVED = 11,
};

/* --- nm-bus.c: a link to the system bus, of this tunnel alone ------------------------------------ */

struct nm {
	GDBusConnection *bus;
	char *owner; /* NetworkManager's unique name: what comes from others is not from it */
	GCancellable *cancel;
	guint watch, states; /* signals */
	/* Once: it can be called. */
	void (*ready)(struct nm *nm);
	/* Once, and nothing after it: bus or NetworkManager can't be reached, or have gone. Takes the error. */
	void (*failed)(struct nm *nm, GError *error);
	/* An active connection, whosever it is, has changed. */
	void (*changed)(struct nm *nm, const char *path, guint state, guint reason);
	void *data;
};
/* Begins; the rest comes from the main context. */
void nm_open(struct nm *nm);
/* No call comes after it. What is bound to this link ends with it. */
void nm_close(struct nm *nm);
/* Calls a method of NetworkManager's; arguments may be floating. `finished` ends it by nm_finish(). */
void nm_call(struct nm *nm, const char *path, const char *interface, const char *method,
	     GVariant *arguments, int bound_ms, GAsyncReadyCallback finished);
/* FALSE: it was cancelled, and `data` may be gone: touch nothing. Else a reply of that type, or *error. */
bool nm_finish(GObject *bus, GAsyncResult *result, const char *type, GVariant **reply,
	       GError **error);
/* All properties of an object: a{sv}. */
void nm_properties(struct nm *nm, const char *path, const char *interface,
		   GAsyncReadyCallback finished);

/* --- nm-secret-agent.c: gives the secrets of one connection, once, to NetworkManager alone ------- */

struct nm_agent {
	struct nm *nm;
	char *uuid;	      /* of the connection */
	struct secret cookie; /* wiped when it was given */
	char *gateway, *pin, *resolve;
	guint object;
};
/* Before it is registered with NetworkManager. */
gboolean nm_agent_publish(struct nm_agent *agent, GError **error);
void nm_agent_register(struct nm_agent *agent, GAsyncReadyCallback finished);
void nm_agent_clear(struct nm_agent *agent);

/* --- nm-words.c ---------------------------------------------------------------------------------- */

/* What NetworkManager answered, as an error of ours. Takes `failure`. */
GError *nm_error(const char *gateway, GError *failure);
/* Why an active connection has ended. `stood`: it was active before. */
GError *nm_ended_error(const char *gateway, guint reason, bool stood);

/* --- nm-look.c ----------------------------------------------------------------------------------- */

/* Whether NetworkManager runs, carries this machine's network, and has its openconnect plugin. Bounded. */
bool nm_is_usable(void);

#endif
