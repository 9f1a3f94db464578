/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The Secret Service over D-Bus, for sign-in data: the agent has its own, whose requests hand out
 * nothing.
 *
 * Secrets pass over the session's bus as they are ("plain"): whoever could read them there, which
 * is the user's own programs, can ask the open keyring for them as well. Every call is bounded.
 */
#include <string.h>
#include <unistd.h>
#include <gio/gio.h>

#include "account/keeper.h"
#include "base/bus.h"
#include "base/error.h"
#include "base/keyring.h"
#include "sign-in.h"

#define SERVICE	       "org.freedesktop.secrets"
#define SERVICE_PATH   "/org/freedesktop/secrets"
#define INTERFACE      "org.freedesktop.Secret."
#define DEFAULT_PATH   "/org/freedesktop/secrets/aliases/default"
#define SCHEMA	       "org.devid.SignIn"
#define CONTENT_TYPE   "text/plain"
#define NO_OBJECT      "/"
#define CALL_MS	       2500
#define QUESTION_MS    (120 * 1000)
#define PASSWORD_BOUND 4096

struct service {
	GMainContext *context;
	GDBusConnection *bus;
	char *session;
	bool dismissed, gone, late; /* of a question that is open */
};

static void fail(GError **error, enum devid_result result, const char *why)
{
	devid_error_set(error, result, NULL, NULL, "keyring: %s", why);
}

static GVariant *call(struct service *service, const char *path, const char *interface,
		      const char *method, GVariant *arguments, const char *type, GError **error)
{
	g_autofree char *whole = g_strconcat(INTERFACE, interface, NULL);
	g_autoptr(GError) failure = NULL;
	GVariant *reply = g_dbus_connection_call_sync(
		service->bus, SERVICE, path, whole, method, arguments, G_VARIANT_TYPE(type),
		G_DBUS_CALL_FLAGS_NONE, CALL_MS, NULL, &failure);
	enum devid_result result = DEVID_STORE_MISSING;

	if (reply)
		return reply;
	g_dbus_error_strip_remote_error(failure);
	if (g_error_matches(failure, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
		result = DEVID_STORE_TIMEOUT;
	fail(error, result, failure->message);
	return NULL;
}

static void close_service(struct service *service)
{
	if (service->bus)
		g_dbus_connection_close(service->bus, NULL, NULL, NULL);
	g_clear_object(&service->bus);
	g_clear_pointer(&service->session, g_free);
	if (service->context) {
		g_main_context_pop_thread_default(service->context);
		g_main_context_unref(service->context);
	}
}
#define AUTO_SERVICE __attribute__((cleanup(close_service)))

/* The look at the keyring says why there is none. */
static bool open_service(struct service *service, GError **error)
{
	g_autofree char *state = NULL, *words = keyring_look(&state);
	struct bus_bound bound;
	g_autoptr(GVariant) reply = NULL, output = NULL;

	if (strcmp(state, "missing") == 0) {
		fail(error, DEVID_STORE_MISSING, words);
		return false;
	}
	service->context = g_main_context_new();
	g_main_context_push_thread_default(service->context);
	bus_bound_begin(&bound, CALL_MS);
	service->bus = bus_open_session(bound.cancel, NULL, NULL);
	bus_bound_end(&bound);
	if (!service->bus) {
		fail(error, DEVID_STORE_MISSING, "no session bus can be reached");
		return false;
	}
	reply = call(service, SERVICE_PATH, "Service", "OpenSession",
		     g_variant_new("(sv)", "plain", g_variant_new_string("")), "(vo)", error);
	if (!reply)
		return false;
	g_variant_get(reply, "(vo)", &output, &service->session);
	return true;
}

/* --- questions of the keyring's own --------------------------------------------------------- */

static void completed(GDBusConnection *bus, const char *sender, const char *path,
		      const char *interface, const char *signal, GVariant *arguments, gpointer data)
{
	struct service *service = data;
	gboolean dismissed = true;

	if (g_variant_is_of_type(arguments, G_VARIANT_TYPE("(bv)")))
		g_variant_get(arguments, "(bv)", &dismissed, NULL);
	service->dismissed = dismissed;
	service->gone = true;
}

static gboolean too_late(gpointer data)
{
	struct service *service = data;

	service->late = service->gone = true;
	return G_SOURCE_REMOVE;
}

/* The keyring went while its question was open. */
static void vanished(GDBusConnection *bus, const char *name, gpointer data)
{
	((struct service *)data)->gone = true;
	((struct service *)data)->dismissed = true;
}

static bool ask(struct service *service, const char *prompt, GError **error)
{
	GSource *timer;
	guint signal, watch;
	g_autoptr(GVariant) reply = NULL;

	if (strcmp(prompt, NO_OBJECT) == 0)
		return true;
	service->gone = service->late = service->dismissed = false;
	signal = g_dbus_connection_signal_subscribe(
		service->bus, SERVICE, INTERFACE "Prompt", "Completed", prompt, NULL,
		G_DBUS_SIGNAL_FLAGS_NONE, completed, service, NULL);
	watch = g_bus_watch_name_on_connection(service->bus, SERVICE, G_BUS_NAME_WATCHER_FLAGS_NONE,
					       NULL, vanished, service, NULL);
	timer = g_timeout_source_new(QUESTION_MS);
	g_source_set_callback(timer, too_late, service, NULL);
	g_source_attach(timer, service->context);
	reply = call(service, prompt, "Prompt", "Prompt", g_variant_new("(s)", ""), "()", error);
	while (reply && !service->gone)
		g_main_context_iteration(service->context, true);
	g_source_destroy(timer);
	g_source_unref(timer);
	g_bus_unwatch_name(watch);
	g_dbus_connection_signal_unsubscribe(service->bus, signal);
	if (!reply)
		return false;
	if (service->late)
		fail(error, DEVID_STORE_TIMEOUT, "its question was not answered in time");
	else if (service->dismissed)
		fail(error, DEVID_STORE_DISMISSED, "its question was dismissed");
	return !service->late && !service->dismissed;
}

static bool unlock(struct service *service, const char *path, GError **error)
{
	const char *const paths[] = { path, NULL };
	g_autoptr(GVariant) reply = call(service, SERVICE_PATH, "Service", "Unlock",
					 g_variant_new("(^ao)", paths), "(aoo)", error);
	const char *prompt;

	if (!reply)
		return false;
	g_variant_get_child(reply, 1, "&o", &prompt);
	return ask(service, prompt, error);
}

/* --- items ---------------------------------------------------------------------------------- */

static GVariant *attributes(const char *gateway, const char *user)
{
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE("a{ss}"));
	g_variant_builder_add(&builder, "{ss}", "xdg:schema", SCHEMA);
	if (gateway)
		g_variant_builder_add(&builder, "{ss}", "gateway", gateway);
	if (user)
		g_variant_builder_add(&builder, "{ss}", "user", user);
	return g_variant_builder_end(&builder);
}

/* Paths of items, those that are open first; NULL with *error. */
static char **find(struct service *service, const char *gateway, const char *user, GError **error)
{
	g_autoptr(GVariant) reply =
		call(service, SERVICE_PATH, "Service", "SearchItems",
		     g_variant_new("(@a{ss})", attributes(gateway, user)), "(aoao)", error);
	g_auto(GStrv) open = NULL, locked = NULL;
	GPtrArray *all;

	if (!reply)
		return NULL;
	g_variant_get(reply, "(^ao^ao)", &open, &locked);
	all = g_ptr_array_new();
	for (char **path = open; *path != NULL; path++)
		g_ptr_array_add(all, g_strdup(*path));
	for (char **path = locked; *path != NULL; path++)
		g_ptr_array_add(all, g_strdup(*path));
	g_ptr_array_add(all, NULL);
	return (char **)g_ptr_array_free(all, false);
}

static char *user_of(struct service *service, const char *path)
{
	g_autofree char *item = g_strconcat(INTERFACE, "Item", NULL);
	g_autoptr(GVariant) reply = g_dbus_connection_call_sync(
		service->bus, SERVICE, path, "org.freedesktop.DBus.Properties", "Get",
		g_variant_new("(ss)", item, "Attributes"), G_VARIANT_TYPE("(v)"),
		G_DBUS_CALL_FLAGS_NONE, CALL_MS, NULL, NULL);
	g_autoptr(GVariant) value = NULL;
	char *user = NULL;

	if (reply)
		g_variant_get(reply, "(v)", &value);
	if (value && g_variant_is_of_type(value, G_VARIANT_TYPE("a{ss}")))
		g_variant_lookup(value, "user", "s", &user);
	return user;
}

/* The reply's own memory is wiped: it holds the password. */
static bool read_secret(struct service *service, const char *path, struct secret *password,
			GError **error)
{
	g_autoptr(GVariant) reply =
		call(service, path, "Item", "GetSecret", g_variant_new("(o)", service->session),
		     "((oayays))", error);
	g_autoptr(GVariant) inner = NULL, bytes = NULL;
	const void *data;
	gsize length = 0;
	bool read;

	if (!reply)
		return false;
	inner = g_variant_get_child_value(reply, 0);
	bytes = g_variant_get_child_value(inner, 2);
	data = g_variant_get_fixed_array(bytes, &length, 1);
	read = length <= PASSWORD_BOUND && secret_append(password, data, length) == DEVID_OK;
	if (data)
		secret_wipe((void *)data, length);
	if (!read)
		fail(error, DEVID_BAD_DATA, "what it keeps is longer than any password");
	return read;
}

bool sign_in_recall(const char *gateway, const char *user, struct sign_in *sign_in, GError **error)
{
	AUTO_SERVICE struct service service = { .context = NULL };
	g_auto(GStrv) items = NULL;

	if (!open_service(&service, error))
		return false;
	items = find(&service, gateway, user, error);
	if (!items || !*items)
		return false;
	if (!unlock(&service, *items, error))
		return false;
	g_free(sign_in->user);
	sign_in->user = user_of(&service, *items);
	if (!sign_in->user) {
		fail(error, DEVID_BAD_DATA, "the saved sign-in has no user name");
		return false;
	}
	secret_clear(&sign_in->password);
	return read_secret(&service, *items, &sign_in->password, error);
}

static GVariant *properties(const char *gateway, const char *user)
{
	g_autofree char *label = g_strdup_printf("Sign-in of %s at %s (devid)", user, gateway);

	return g_variant_new_parsed("{'" INTERFACE "Item.Label': <%s>,"
				    " '" INTERFACE "Item.Attributes': <%@a{ss}>}",
				    label, attributes(gateway, user));
}

static GVariant *secret_of(const struct service *service, const void *data, gsize length)
{
	return g_variant_new("(o@ay@ays)", service->session,
			     g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, "", 0, 1),
			     g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, data, length, 1),
			     CONTENT_TYPE);
}

bool sign_in_save(const char *gateway, const struct sign_in *sign_in, GError **error)
{
	AUTO_SERVICE struct service service = { .context = NULL };
	const struct secret *password = &sign_in->password;
	g_autoptr(GVariant) reply = NULL;
	const char *item, *prompt;
	GVariant *secret;

	if (!open_service(&service, error) || !unlock(&service, DEFAULT_PATH, error))
		return false;
	secret = secret_of(&service, password->data, password->length);
	reply = call(&service, DEFAULT_PATH, "Collection", "CreateItem",
		     g_variant_new("(@a{sv}@(oayays)b)", properties(gateway, sign_in->user), secret,
				   true),
		     "(oo)", error);
	if (!reply)
		return false;
	g_variant_get(reply, "(&o&o)", &item, &prompt);
	return ask(&service, prompt, error);
}

/* As the agent does with a device key: what only moves deleted items has no password then. */
static bool overwrite(struct service *service, const struct keeper *keeper, const char *path)
{
	bool good = true;

	for (guint turn = 0; good && turn < keeper_turns(keeper); turn++) {
		g_autofree char *filling = keeper_filling(turn);
		g_autoptr(GVariant) reply = call(
			service, path, "Item", "SetSecret",
			g_variant_new("(@(oayays))", secret_of(service, filling, strlen(filling))),
			"()", NULL);

		good = reply != NULL;
	}
	return good;
}

static bool delete_item(struct service *service, const struct keeper *keeper, const char *path,
			GError **error)
{
	g_autoptr(GVariant) reply = NULL;
	const char *prompt;

	/* What is locked can't be written. */
	if (!overwrite(service, keeper, path)) {
		if (!unlock(service, path, error))
			return false;
		(void)overwrite(service, keeper, path);
	}
	reply = call(service, path, "Item", "Delete", NULL, "(o)", error);
	if (!reply)
		return false;
	g_variant_get(reply, "(&o)", &prompt);
	return ask(service, prompt, error);
}

int sign_in_forget(const char *gateway, bool look, const char **kept, GError **error)
{
	AUTO_SERVICE struct service service = { .context = NULL };
	const struct keeper *keeper;
	g_auto(GStrv) items = NULL;
	int count = 0;

	*kept = NULL;

	if (!open_service(&service, error))
		return -1;
	items = find(&service, gateway, NULL, error);
	if (!items)
		return -1;
	keeper = keeper_find(service.bus, CALL_MS, NULL);
	for (char **path = items; *path != NULL; path++, count++) {
		if (look)
			continue;
		if (!delete_item(&service, keeper, *path, error))
			return -1;
		*kept = !keeper ? NULL : keeper->where;
	}
	return count;
}

void sign_in_clear(struct sign_in *sign_in)
{
	g_clear_pointer(&sign_in->user, g_free);
	secret_clear(&sign_in->password);
}
