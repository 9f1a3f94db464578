/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asking the person: the Secret Service's Prompt objects, driven here: libsecret's own code waits
 * without end for a prompter that doesn't answer and for a daemon that was killed.
 *
 * One question at a time: who needs the keyring unlocked while a prompt is open waits for its
 * answer, and gets the same.
 */
#include "base/error.h"
#include "keyring-bound.h"
#include "keyring-call.h"
#include "keyring-link.h"
#include "keyring-private.h"
#include "keyring-prompt.h"

#define TURN_MS	    250
#define PROGRESS_US (2 * G_TIME_SPAN_SECOND)
/* Nobody reads a question and dismisses it faster: then nobody was asked. */
#define REFUSED_US (G_TIME_SPAN_SECOND)

struct prompt {
	struct keyring_link *link;
	struct keyring_bound *bound;
	const char *path;
	gboolean done, dismissed, daemon_gone, prompter_seen;
	GVariant *result;
	gint64 opened, told;
};

static void on_completed(GDBusConnection *connection, const char *sender, const char *path,
			 const char *interface, const char *signal, GVariant *parameters,
			 gpointer data)
{
	struct prompt *prompt = data;

	if (prompt->done || !g_variant_is_of_type(parameters, G_VARIANT_TYPE("(bv)")))
		return;
	g_variant_get(parameters, "(bv)", &prompt->dismissed, &prompt->result);
	prompt->done = true;
}

static void on_owner_changed(GDBusConnection *connection, const char *sender, const char *path,
			     const char *interface, const char *signal, GVariant *parameters,
			     gpointer data)
{
	const char *name, *old_owner, *new_owner;
	struct prompt *prompt = data;

	g_variant_get(parameters, "(&s&s&s)", &name, &old_owner, &new_owner);
	if (g_str_equal(name, PROMPTER_NAME))
		prompt->prompter_seen = true;
	else if (g_str_equal(name, SERVICE_NAME) && *old_owner)
		prompt->daemon_gone = true;
}

static gboolean on_turn(gpointer data)
{
	return G_SOURCE_CONTINUE;
}

/* Whether a desktop's prompter is there. Other daemons ask by themselves. */
static bool prompter_is_there(struct prompt *prompt)
{
	g_autoptr(GVariant) reply = g_dbus_connection_call_sync(
		keyring_link_connection(prompt->link), BUS_NAME, BUS_PATH, BUS_NAME, "NameHasOwner",
		g_variant_new("(s)", PROMPTER_NAME), G_VARIANT_TYPE("(b)"), G_DBUS_CALL_FLAGS_NONE,
		1000, NULL, NULL);
	gboolean there = false;

	if (reply)
		g_variant_get(reply, "(b)", &there);
	return there;
}

/* Takes the question away, where the daemon survives that; else it stays until the person closes
 * it, or answers it for the next request.
 */
static void dismiss(struct prompt *prompt)
{
	if (keyring_link_is_for_prompt(prompt->link))
		return;
	g_dbus_connection_call(keyring_link_connection(prompt->link), SERVICE_NAME, prompt->path,
			       PROMPT_INTERFACE, "Dismiss", NULL, NULL,
			       G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, NULL, NULL);
	g_dbus_connection_flush_sync(keyring_link_connection(prompt->link), NULL, NULL);
}

static bool judge(struct prompt *prompt, GVariant **result, GError **error)
{
	gint64 took = g_get_monotonic_time() - prompt->opened;

	if (prompt->dismissed && !prompt->prompter_seen && took < REFUSED_US)
		return devid_error_set(
			error, DEVID_STORE_LOCKED, NULL, NULL,
			"keyring: it is locked and there is nobody to ask for its password");
	if (prompt->dismissed)
		return devid_error_set(error, DEVID_STORE_DISMISSED, NULL, NULL,
				       "keyring: its question was dismissed");
	keyring_bound_renew(prompt->bound);
	if (result)
		*result = g_steal_pointer(&prompt->result);
	return true;
}

/* Waits in `context` for the answer; every way out of it is bounded. */
static bool await(struct prompt *prompt, GMainContext *context, GVariant **result, GError **error)
{
	g_autoptr(GError) local = NULL;

	while (!prompt->done) {
		if (prompt->daemon_gone || !keyring_link_is_alive(prompt->link))
			return devid_error_set(
				error, DEVID_STORE_MISSING, NULL, NULL,
				"keyring: its daemon went away while its question was open");
		if (!keyring_bound_holds(prompt->bound, error)) {
			dismiss(prompt);
			return false;
		}
		if (g_get_monotonic_time() - prompt->told >= PROGRESS_US) {
			prompt->told = g_get_monotonic_time();
			keyring_bound_progress(prompt->bound);
		}
		g_main_context_iteration(context, true);
	}
	return judge(prompt, result, error);
}

static bool open_prompt(struct prompt *prompt, GError **error)
{
	g_autoptr(GVariant) reply = NULL;

	prompt->prompter_seen = prompter_is_there(prompt);
	reply = keyring_call(prompt->link, prompt->bound, prompt->path, PROMPT_INTERFACE, "Prompt",
			     g_variant_new("(s)", ""), NULL, error);
	if (!reply)
		return false;
	prompt->opened = g_get_monotonic_time();
	keyring_bound_for_prompt(prompt->bound);
	return true;
}

bool keyring_prompt(struct keyring_link *link, struct keyring_bound *bound, const char *path,
		    GVariant **result, GError **error)
{
	GDBusConnection *connection = keyring_link_connection(link);
	struct prompt prompt = { .link = link, .bound = bound, .path = path };
	g_autoptr(GMainContext) context = NULL;
	g_autoptr(GSource) turn = NULL;
	bool answered;
	guint completed, owner;

	if (g_str_equal(path, NO_OBJECT))
		return true;
	/* Signals come to this thread alone, which listens before it asks. */
	context = g_main_context_new();
	g_main_context_push_thread_default(context);
	completed = g_dbus_connection_signal_subscribe(
		connection, SERVICE_NAME, PROMPT_INTERFACE, "Completed", path, NULL,
		G_DBUS_SIGNAL_FLAGS_NONE, on_completed, &prompt, NULL);
	owner = g_dbus_connection_signal_subscribe(
		connection, BUS_NAME, BUS_NAME, "NameOwnerChanged", BUS_PATH, NULL,
		G_DBUS_SIGNAL_FLAGS_NONE, on_owner_changed, &prompt, NULL);
	turn = g_timeout_source_new(TURN_MS);
	g_source_set_callback(turn, on_turn, NULL, NULL);
	g_source_attach(turn, context);

	answered = open_prompt(&prompt, error) && await(&prompt, context, result, error);

	g_source_destroy(turn);
	g_dbus_connection_signal_unsubscribe(connection, completed);
	g_dbus_connection_signal_unsubscribe(connection, owner);
	g_main_context_pop_thread_default(context);
	g_clear_pointer(&prompt.result, g_variant_unref);
	return answered;
}

/* --- one question at a time */

static struct {
	GMutex lock;
	GCond changed;
	bool busy;
	guint64 count;	 /* of questions that were answered */
	GError *outcome; /* of the last; NULL: unlocked */
} question;

enum turn {
	TURN_OURS,  /* ask */
	TURN_TAKEN, /* somebody asked in the meantime: here is the answer */
	TURN_OVER,  /* no time left */
};

static enum turn take_turn(struct keyring_bound *bound, GError **error)
{
	gint64 told = 0;
	guint64 count;
	enum turn turn;

	g_mutex_lock(&question.lock);
	count = question.count;
	if (question.busy)
		keyring_bound_for_prompt(bound);
	while (question.busy && keyring_bound_holds(bound, NULL)) {
		gint64 now = g_get_monotonic_time();

		if (now - told >= PROGRESS_US) {
			told = now;
			g_mutex_unlock(&question.lock);
			keyring_bound_progress(bound);
			g_mutex_lock(&question.lock);
			continue;
		}
		g_cond_wait_until(&question.changed, &question.lock,
				  now + TURN_MS * G_TIME_SPAN_MILLISECOND);
	}
	if (question.busy) {
		turn = TURN_OVER;
	} else if (question.count != count) {
		turn = TURN_TAKEN;
		if (question.outcome && error)
			*error = g_error_copy(question.outcome);
	} else {
		turn = TURN_OURS;
		question.busy = true;
	}
	g_mutex_unlock(&question.lock);
	if (turn == TURN_OVER)
		keyring_bound_holds(bound, error);
	else if (turn == TURN_TAKEN)
		keyring_bound_renew(bound);
	return turn;
}

/* `answered`: the outcome holds for those who wait; else (our client went away) one of them
 * asks. */
static void end_turn(bool answered, const GError *outcome)
{
	g_mutex_lock(&question.lock);
	question.busy = false;
	if (answered) {
		question.count++;
		g_clear_error(&question.outcome);
		question.outcome = outcome ? g_error_copy(outcome) : NULL;
	}
	g_cond_broadcast(&question.changed);
	g_mutex_unlock(&question.lock);
}

static bool unlock_now(struct keyring_bound *bound, const char *path, GError **error)
{
	struct keyring_link *link = keyring_link_for_prompt(bound, error);
	const char *const paths[] = { path, NULL };
	g_autoptr(GVariant) reply = NULL;
	bool unlocked = false;
	const char *prompt;

	if (link)
		reply = keyring_call(link, bound, SERVICE_PATH, SERVICE_INTERFACE, "Unlock",
				     g_variant_new("(^ao)", paths), "(aoo)", error);
	if (reply) {
		g_variant_get_child(reply, 1, "&o", &prompt);
		unlocked = keyring_prompt(link, bound, prompt, NULL, error);
	}
	keyring_link_close(link);
	return unlocked;
}

bool keyring_unlock(struct keyring_bound *bound, const char *path, GError **error)
{
	g_autoptr(GError) local = NULL;
	bool unlocked;

	switch (take_turn(bound, &local)) {
	case TURN_OVER:
		break;
	case TURN_TAKEN:
		if (!local)
			return true;
		break;
	case TURN_OURS:
		unlocked = unlock_now(bound, path, &local);
		end_turn(!g_cancellable_is_cancelled(keyring_bound_cancel(bound)), local);
		if (unlocked)
			return true;
		break;
	}
	g_propagate_error(error, g_steal_pointer(&local));
	return false;
}
