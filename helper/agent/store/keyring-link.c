/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The link to the Secret Service: one connection, one session, one worker thread.
 *
 * The worker connects, opens the session and then listens to signals; it may hang in any of these,
 * and nobody waits for it longer than a request's bound. A link that hung, whose daemon or bus
 * went, is retired: the next request makes another. The last link that had a bus goes on listening
 * there all the same, until another does: so it is heard when a daemon comes, unlocks, or the bus
 * goes.
 */
#include "base/bus.h"
#include "base/error.h"
#include "base/gio-ready.h"
#include "keyring-bound.h"
#include "keyring-error.h"
#include "keyring-link.h"
#include "keyring-private.h"
#include "keyring-session.h"
#include "keyring-watch.h"
#include "store.h"

#define WAIT_STEP_US (50 * G_TIME_SPAN_MILLISECOND)
#define BUS_CALL_MS  5000

struct keyring_link {
	gatomicrefcount references;
	bool activate;	 /* whether the bus may start the daemon */
	bool for_prompt; /* a connection of its own, without a session */
	GCancellable *cancel;
	GMainContext *context;

	/* Under `lock`, each written once by the worker. */
	enum link_stage stage;
	GError *error;
	GDBusConnection *connection;
	struct keyring_session *session;
	bool retired;
};

static GMutex lock;
static GCond changed;
static struct keyring_link *current;
static struct keyring_link *listener; /* the worker of this one tells what happens on the bus */

static struct keyring_link *link_ref(struct keyring_link *link)
{
	g_atomic_ref_count_inc(&link->references);
	return link;
}

void keyring_link_unref(struct keyring_link *link)
{
	if (!link || !g_atomic_ref_count_dec(&link->references))
		return;
	keyring_session_free(link->session);
	g_clear_object(&link->connection);
	g_clear_error(&link->error);
	g_main_context_unref(link->context);
	g_object_unref(link->cancel);
	g_free(link);
}

/* Under the lock. True where it had been in use: what came over it is no longer watched. */
static bool retire(struct keyring_link *link)
{
	bool was_watched = !link->for_prompt && !link->retired && link->stage >= LINK_CONNECTED;

	link->retired = true;
	if (current == link)
		current = NULL;
	g_cond_broadcast(&changed);
	return was_watched;
}

void keyring_link_retire(struct keyring_link *link)
{
	bool was_watched, starting;

	g_mutex_lock(&lock);
	starting = link->stage < LINK_SESSION;
	was_watched = retire(link);
	g_mutex_unlock(&lock);
	if (starting)
		g_cancellable_cancel(link->cancel);
	g_main_context_wakeup(link->context);
	if (was_watched)
		keyring_watch_tell(KEYRING_LOCKED);
}

bool keyring_link_is_alive(struct keyring_link *link)
{
	bool alive;

	g_mutex_lock(&lock);
	alive = !link->retired;
	g_mutex_unlock(&lock);
	return alive && !g_dbus_connection_is_closed(link->connection);
}

GDBusConnection *keyring_link_connection(struct keyring_link *link)
{
	return link->connection;
}

bool keyring_link_is_for_prompt(struct keyring_link *link)
{
	return link->for_prompt;
}

const struct keyring_session *keyring_link_session(struct keyring_link *link)
{
	return link->session;
}

/* --- the worker */

static void publish(struct keyring_link *link, enum link_stage stage)
{
	g_mutex_lock(&lock);
	link->stage = stage;
	g_cond_broadcast(&changed);
	g_mutex_unlock(&lock);
}

static bool is_listener(const struct keyring_link *link)
{
	bool is;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);

	is = listener == link;
	return is;
}

/* This link's worker tells from now on; the one before has nothing more to do, where it was
 * retired. */
static void begin_listening(struct keyring_link *link)
{
	struct keyring_link *before;

	g_mutex_lock(&lock);
	before = listener ? link_ref(listener) : NULL;
	listener = link;
	g_mutex_unlock(&lock);
	if (before)
		g_main_context_wakeup(before->context);
	keyring_link_unref(before);
}

static bool stop_listening(struct keyring_link *link)
{
	bool was;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);

	was = listener == link;
	if (was)
		listener = NULL;
	return was;
}

static void on_closed(GDBusConnection *connection, bool remote, GError *error, gpointer data)
{
	struct keyring_link *link = data;

	keyring_link_retire(link);
	if (stop_listening(link))
		keyring_watch_tell(KEYRING_BUS_GONE);
}

static void on_owner_changed(GDBusConnection *connection, const char *sender, const char *path,
			     const char *interface, const char *signal, GVariant *parameters,
			     gpointer data)
{
	const char *name, *old_owner, *new_owner;

	g_variant_get(parameters, "(&s&s&s)", &name, &old_owner, &new_owner);
	if (*old_owner)
		keyring_link_retire(data);
	if (*new_owner && is_listener(data))
		keyring_watch_tell(KEYRING_USABLE);
}

static bool connect_bus(struct keyring_link *link, GError **error)
{
	g_autofree char *address = NULL;
	g_autoptr(GError) local = NULL;

	link->connection = bus_open_session(link->cancel, &address, &local);
	if (link->connection) {
		bus_reached(address);
		return true;
	}
	if (!local)
		devid_error_set(error, DEVID_STORE_MISSING, NULL, NULL,
				"keyring: there is no session bus to reach it by");
	else if (g_error_matches(local, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		keyring_propagate(error, g_steal_pointer(&local), "connecting");
	else
		keyring_set_bus_error(error, "its bus can't be reached: ", local->message);
	return false;
}

static GVariant *ask_bus(struct keyring_link *link, const char *method, GVariant *parameters,
			 GError **error)
{
	return g_dbus_connection_call_sync(link->connection, BUS_NAME, BUS_PATH, BUS_NAME, method,
					   parameters, NULL, G_DBUS_CALL_FLAGS_NONE, BUS_CALL_MS,
					   link->cancel, error);
}

static bool can_be_started(struct keyring_link *link)
{
	g_autoptr(GVariant) reply = ask_bus(link, "ListActivatableNames", NULL, NULL);
	g_autofree const char **names = NULL;

	if (!reply || !g_variant_is_of_type(reply, G_VARIANT_TYPE("(as)")))
		return false;
	g_variant_get(reply, "(^a&s)", &names);
	return g_strv_contains(names, SERVICE_NAME);
}

static char *ask_owner(struct keyring_link *link, GError **error)
{
	g_autoptr(GVariant) reply =
		ask_bus(link, "GetNameOwner", g_variant_new("(s)", SERVICE_NAME), error);
	char *owner = NULL;

	if (reply)
		g_variant_get(reply, "(s)", &owner);
	return owner;
}

/* The daemon's unique name. */
static char *find_daemon(struct keyring_link *link, GError **error)
{
	g_autoptr(GError) local = NULL;
	g_autoptr(GVariant) reply = NULL;
	/* Starting by name fails for one that runs and can't be started by the bus. */
	char *owner = ask_owner(link, &local);

	if (!owner && link->activate &&
	    g_error_matches(local, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER)) {
		g_clear_error(&local);
		reply = ask_bus(link, "StartServiceByName", g_variant_new("(su)", SERVICE_NAME, 0),
				&local);
		if (reply)
			owner = ask_owner(link, &local);
	}
	if (owner)
		return owner;
	if (!link->activate && can_be_started(link))
		devid_error_set(error, DEVID_STORE_LOCKED, NULL, NULL,
				"keyring: its daemon does not run yet; it is started when needed");
	else
		keyring_propagate(error, g_steal_pointer(&local), "starting its daemon");
	return NULL;
}

static bool open_session(struct keyring_link *link, const char *owner, GError **error)
{
	g_autoptr(GError) local = NULL;

	link->session = keyring_session_open(link->connection, owner, link->cancel, &local);
	if (!link->session)
		keyring_propagate(error, g_steal_pointer(&local), "opening a session");
	return link->session != NULL;
}

static void fail(struct keyring_link *link, GError *error)
{
	bool was_watched;

	g_mutex_lock(&lock);
	link->error = error;
	was_watched = retire(link);
	g_mutex_unlock(&lock);
	if (was_watched)
		keyring_watch_tell(KEYRING_LOCKED);
}

static bool is_retired(struct keyring_link *link)
{
	bool retired;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);

	retired = link->retired;
	return retired;
}

/* Signals first: what happens from here on is heard. */
static guint listen(struct keyring_link *link)
{
	g_signal_connect(link->connection, "closed", G_CALLBACK(on_closed), link);
	if (!link->for_prompt) {
		keyring_watch_subscribe(link->connection);
		begin_listening(link);
	}
	return g_dbus_connection_signal_subscribe(
		link->connection, BUS_NAME, BUS_NAME, "NameOwnerChanged", BUS_PATH, SERVICE_NAME,
		G_DBUS_SIGNAL_FLAGS_NONE, on_owner_changed, link, NULL);
}

static gpointer run(gpointer data)
{
	struct keyring_link *link = data;
	g_autofree char *owner = NULL;
	GError *error = NULL;
	guint subscription = 0;

	gio_ready();
	g_main_context_push_thread_default(link->context);
	if (connect_bus(link, &error)) {
		subscription = listen(link);
		owner = find_daemon(link, &error);
		if (owner) {
			publish(link, LINK_CONNECTED);
			if (!link->for_prompt && open_session(link, owner, &error))
				publish(link, LINK_SESSION);
		}
	}
	if (error)
		fail(link, error);
	while (!is_retired(link) || is_listener(link))
		g_main_context_iteration(link->context, true);
	if (subscription) {
		g_signal_handlers_disconnect_by_data(link->connection, link);
		g_dbus_connection_signal_unsubscribe(link->connection, subscription);
	}
	g_main_context_pop_thread_default(link->context);
	keyring_link_unref(link);
	return NULL;
}

/* --- the requests' side */

static struct keyring_link *begin(bool activate, bool for_prompt)
{
	struct keyring_link *link = g_new0(struct keyring_link, 1);

	g_atomic_ref_count_init(&link->references);
	link->activate = activate;
	link->for_prompt = for_prompt;
	link->cancel = g_cancellable_new();
	link->context = g_main_context_new();
	g_thread_unref(g_thread_new("keyring", run, link_ref(link)));
	return link;
}

static struct keyring_link *take_current(bool activate)
{
	struct keyring_link *link;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);

	if (!current)
		current = begin(activate, false); /* this reference is the caller's */
	else
		link_ref(current);
	link = current;
	return link;
}

bool keyring_link_reach(struct keyring_link *link, enum link_stage stage,
			struct keyring_bound *bound, GError **error)
{
	bool reached;
	GError *why = NULL;

	g_mutex_lock(&lock);
	while (link->stage < stage && !link->retired && keyring_bound_holds(bound, NULL))
		g_cond_wait_until(&changed, &lock,
				  MIN(bound->until, g_get_monotonic_time() + WAIT_STEP_US));
	reached = link->stage >= stage;
	if (!reached && link->error)
		why = g_error_copy(link->error);
	g_mutex_unlock(&lock);
	if (reached)
		return true;
	if (why)
		g_propagate_error(error, why);
	else if (keyring_bound_holds(bound, error))
		devid_error_set(error, DEVID_STORE_MISSING, NULL, NULL,
				"keyring: its daemon went away");
	if (!why && keyring_bound_left_ms(bound) == 0)
		keyring_link_retire(link);
	return false;
}

struct keyring_link *keyring_link_get(bool activate, enum link_stage stage,
				      struct keyring_bound *bound, GError **error)
{
	bool again;

	do {
		g_autoptr(GError) local = NULL;
		struct keyring_link *link = take_current(activate);

		if (keyring_link_reach(link, stage, bound, &local))
			return link;
		/* One that was begun only to look may not start the daemon: begin another. */
		again = activate && !link->activate && keyring_bound_holds(bound, NULL);
		keyring_link_unref(link);
		if (!again)
			g_propagate_error(error, g_steal_pointer(&local));
	} while (again);
	return NULL;
}

struct keyring_link *keyring_link_for_prompt(struct keyring_bound *bound, GError **error)
{
	struct keyring_link *link = begin(true, true);

	if (keyring_link_reach(link, LINK_CONNECTED, bound, error))
		return link;
	keyring_link_close(link);
	return NULL;
}

void keyring_link_close(struct keyring_link *link)
{
	if (!link)
		return;
	keyring_link_retire(link);
	keyring_link_unref(link);
}

void keyring_link_prepare(void)
{
	keyring_link_unref(take_current(false));
}
