/* Between the keyring's files: the link to the Secret Service, bounds, prompts, items.
 *
 * A request runs in its client's thread, in calls over GDBus that each end at the request's bound.
 * What can't be bounded so (connecting to a bus, libsecret's session) is done by the link's own
 * worker thread, for which requests wait no longer than their bound: then the link is given up, its
 * worker ends whenever it wakes, and the next request makes a new one.
 */
#ifndef AGENT_KEYRING_PRIVATE_H
#define AGENT_KEYRING_PRIVATE_H

#define SECRET_API_SUBJECT_TO_CHANGE
#include <libsecret/secret.h>
#include "store.h"

#define SERVICE_NAME	     "org.freedesktop.secrets"
#define SERVICE_PATH	     "/org/freedesktop/secrets"
#define SERVICE_INTERFACE    "org.freedesktop.Secret.Service"
#define COLLECTION_INTERFACE "org.freedesktop.Secret.Collection"
#define ITEM_INTERFACE	     "org.freedesktop.Secret.Item"
#define PROMPT_INTERFACE     "org.freedesktop.Secret.Prompt"
#define PROPERTIES_INTERFACE "org.freedesktop.DBus.Properties"
#define PROMPTER_NAME	     "org.gnome.keyring.SystemPrompter"
#define BUS_NAME	     "org.freedesktop.DBus"
#define BUS_PATH	     "/org/freedesktop/DBus"
#define NO_OBJECT	     "/"

/* --- keyring-bound.c: how long a request may take ------------------------------------------- */

struct keyring_bound {
	gint64 until;		       /* monotonic, µs */
	const struct store_wait *wait; /* may be NULL */
	gboolean prompted; /* a person was asked: what failed after that isn't tried again */
};

/* 4.5 s: below the 5 s after which clients give up, so that they hear why. */
void keyring_bound_begin(struct keyring_bound *bound, const struct store_wait *wait);
/* A person was asked and answered: the time begins anew. */
void keyring_bound_renew(struct keyring_bound *bound);
/* While a prompt is open: 118 s in all. */
void keyring_bound_for_prompt(struct keyring_bound *bound);
/* At least 1 while there is time left, else 0. */
int keyring_bound_left_ms(const struct keyring_bound *bound);
GCancellable *keyring_bound_cancel(const struct keyring_bound *bound);
void keyring_bound_progress(const struct keyring_bound *bound);
/* FALSE, with DEVID_STORE_TIMEOUT, when the time is up or the client went away. */
gboolean keyring_bound_holds(const struct keyring_bound *bound, GError **error);

/* --- keyring-link.c: the connection and its worker ------------------------------------------- */

struct keyring_link;

enum link_stage {
	LINK_STARTING,
	LINK_CONNECTED, /* the daemon is there and can be asked for items */
	LINK_SESSION,	/* secrets can be passed */
};

/* The link at `stage` or further. `activate`: a daemon that isn't there may be started by the bus.
 * DEVID_STORE_MISSING (no bus, no daemon), DEVID_STORE_TIMEOUT. The caller ends it with
 * keyring_link_unref().
 */
struct keyring_link *keyring_link_get(gboolean activate, enum link_stage stage,
				      struct keyring_bound *bound, GError **error);
gboolean keyring_link_reach(struct keyring_link *link, enum link_stage stage,
			    struct keyring_bound *bound, GError **error);
void keyring_link_unref(struct keyring_link *link);
typedef struct keyring_link KeyringLink;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeyringLink, keyring_link_unref)
/* No new request uses it; secrets from it are no longer watched, so the watcher is told. */
void keyring_link_retire(struct keyring_link *link);
gboolean keyring_link_is_alive(struct keyring_link *link);
GDBusConnection *keyring_link_connection(struct keyring_link *link);
SecretService *keyring_link_service(struct keyring_link *link); /* from LINK_SESSION on */
/* A connection of its own for what a person is asked: gnome-keyring 42 aborts where an unlock
 * prompt is dismissed by a program, and lets go of one whose connection closes. Ended with
 * keyring_link_close().
 */
struct keyring_link *keyring_link_for_prompt(struct keyring_bound *bound, GError **error);
gboolean keyring_link_is_for_prompt(struct keyring_link *link);
void keyring_link_close(struct keyring_link *link);
/* Begins a link where there is a bus and a daemon, and waits for nothing. */
void keyring_link_prepare(void);

/* keyring-bus.c: its address, or NULL with DEVID_STORE_MISSING. Never an autolaunched one. */
char *keyring_bus_address(GError **error);
/* keyring-session.c: libsecret's session on this connection; called by the worker alone. */
SecretService *keyring_session_open(GDBusConnection *connection, const char *owner,
				    GCancellable *cancel, GError **error);
/* keyring-watch.c: told by the worker; calls what store_keyring_watch() was given. */
void keyring_watch_locked(void);
void keyring_watch_subscribe(GDBusConnection *connection);

/* --- keyring-call.c: one bounded call --------------------------------------------------------- */

GVariant *keyring_call(struct keyring_link *link, struct keyring_bound *bound, const char *path,
		       const char *interface, const char *method, GVariant *parameters,
		       const char *reply_type, GError **error);
/* Makes a DEVID_ERROR of whatever GDBus says. */
void keyring_propagate(GError **error, GError *from, const char *what);
/* Whether the remote said that the object is locked, or isn't there. */
gboolean keyring_error_is(const GError *error, const char *name);

/* --- keyring-prompt.c --------------------------------------------------------------------------
 */

/* Unlocks one object (item or collection), asking the person where needed; one question at a time.
 */
gboolean keyring_unlock(struct keyring_bound *bound, const char *path, GError **error);
/* Runs a prompt that a call left us (NO_OBJECT: nothing to do); `result` may be NULL. */
gboolean keyring_prompt(struct keyring_link *link, struct keyring_bound *bound, const char *path,
			GVariant **result, GError **error);

/* --- keyring-item.c ----------------------------------------------------------------------------
 */

struct keyring_items {
	char **unlocked;
	char **locked;
};
void keyring_items_clear(struct keyring_items *items);
gboolean keyring_items_find(struct keyring_link *link, struct keyring_bound *bound,
			    const char *spki_hash_hex, struct keyring_items *items, GError **error);
gboolean keyring_item_read(struct keyring_link *link, struct keyring_bound *bound, const char *path,
			   struct secret *pkcs8, GError **error);
gboolean keyring_item_create(struct keyring_link *link, struct keyring_bound *bound,
			     const char *collection, const char *spki_hash_hex, const char *label,
			     const struct secret *pkcs8, char **path, GError **error);
gboolean keyring_item_delete(struct keyring_link *link, struct keyring_bound *bound,
			     const char *path, GError **error);
gboolean keyring_item_label(struct keyring_link *link, struct keyring_bound *bound,
			    const char *path, const char *label, GError **error);
/* The default collection; NULL in `*path` where there is none yet. */
gboolean keyring_collection_default(struct keyring_link *link, struct keyring_bound *bound,
				    char **path, GError **error);
gboolean keyring_collection_locked(struct keyring_link *link, struct keyring_bound *bound,
				   const char *path, gboolean *locked, GError **error);
/* Asks the person for a password for it. */
gboolean keyring_collection_create(struct keyring_bound *bound, char **path, GError **error);

#endif
