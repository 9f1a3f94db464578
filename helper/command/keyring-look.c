/* Whether a keyring is there, asked of the session bus alone: the command has no libsecret. */
#include <stdlib.h>
#include <unistd.h>
#include <gio/gio.h>

#include "keyring-look.h"

#define BOUND_MS	     2000
#define SERVICE		     "org.freedesktop.secrets"
#define SERVICE_PATH	     "/org/freedesktop/secrets"
#define ITEM_INTERFACE	     "org.freedesktop.Secret.Item"
#define DEFAULT_COLLECTION   "/org/freedesktop/secrets/aliases/default"
#define COLLECTION_INTERFACE "org.freedesktop.Secret.Collection"

struct look {
	GMainContext *context;
	GCancellable *cancel;
	GAsyncResult *result;
	GDBusConnection *bus;
};

static void finished(GObject *source, GAsyncResult *result, gpointer data)
{
	struct look *look = data;

	(void)source;
	look->result = g_object_ref(result);
}

static gboolean too_late(gpointer data)
{
	g_cancellable_cancel(((struct look *)data)->cancel);
	return G_SOURCE_REMOVE;
}

/* The result belongs to the caller. */
static GAsyncResult *await(struct look *look)
{
	while (look->result == NULL)
		g_main_context_iteration(look->context, TRUE);
	return g_steal_pointer(&look->result);
}

char *keyring_bus_address(void)
{
	const char *address = getenv("DBUS_SESSION_BUS_ADDRESS"),
		   *runtime = getenv("XDG_RUNTIME_DIR");
	g_autofree char *path = NULL;

	if (address != NULL && *address != '\0' && !g_str_has_prefix(address, "autolaunch:"))
		return g_strdup(address);
	if (runtime == NULL || *runtime != '/')
		return NULL;
	path = g_build_filename(runtime, "bus", NULL);
	return access(path, F_OK) == 0 ? g_strdup_printf("unix:path=%s", path) : NULL;
}

static gboolean connect_bus(struct look *look)
{
	g_autofree char *address = keyring_bus_address();
	g_autoptr(GAsyncResult) result = NULL;

	if (address == NULL)
		return FALSE;
	g_dbus_connection_new_for_address(address,
					  G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
						  G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
					  NULL, look->cancel, finished, look);
	result = await(look);
	look->bus = g_dbus_connection_new_for_address_finish(result, NULL);
	return look->bus != NULL;
}

static GVariant *call(struct look *look, const char *service, const char *path,
		      const char *interface, const char *method, GVariant *arguments)
{
	g_autoptr(GAsyncResult) result = NULL;

	g_dbus_connection_call(look->bus, service, path, interface, method, arguments, NULL,
			       G_DBUS_CALL_FLAGS_NO_AUTO_START, BOUND_MS, look->cancel, finished,
			       look);
	result = await(look);
	return g_dbus_connection_call_finish(look->bus, result, NULL);
}

static char *look_at_bus(struct look *look, const char **state)
{
	g_autoptr(GVariant) owned = NULL, locked = NULL, value = NULL;
	gboolean has_owner = FALSE;

	*state = "missing";
	if (!connect_bus(look))
		return g_strdup("none: no session bus can be reached");
	owned = call(look, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
		     "NameHasOwner", g_variant_new("(s)", SERVICE));
	if (owned != NULL && g_variant_is_of_type(owned, G_VARIANT_TYPE("(b)")))
		g_variant_get(owned, "(b)", &has_owner);
	if (!has_owner)
		return g_strdup("none runs on this session's bus");
	locked = call(look, SERVICE, DEFAULT_COLLECTION, "org.freedesktop.DBus.Properties", "Get",
		      g_variant_new("(ss)", COLLECTION_INTERFACE, "Locked"));
	if (locked == NULL)
		return g_strdup(g_cancellable_is_cancelled(look->cancel)
					? "it does not answer"
					: "it runs and has no default collection");
	if (g_variant_is_of_type(locked, G_VARIANT_TYPE("(v)")))
		g_variant_get(locked, "(v)", &value);
	if (value == NULL || !g_variant_is_of_type(value, G_VARIANT_TYPE_BOOLEAN))
		return g_strdup("it answers what is no answer");
	*state = g_variant_get_boolean(value) ? "locked" : "ready";
	return g_strdup(*state);
}

/* Runs `work` with a bus of its own, within the bound. */
static void *look(void *(*work)(struct look *look))
{
	struct look look = { .context = g_main_context_new(), .cancel = g_cancellable_new() };
	GSource *timer = g_timeout_source_new(BOUND_MS);
	void *found;

	g_main_context_push_thread_default(look.context);
	g_source_set_callback(timer, too_late, &look, NULL);
	g_source_attach(timer, look.context);
	found = work(&look);
	g_source_destroy(timer);
	g_source_unref(timer);
	g_clear_object(&look.bus);
	g_object_unref(look.cancel);
	g_main_context_pop_thread_default(look.context);
	g_main_context_unref(look.context);
	return found;
}

struct seen {
	char *words;
	const char *state;
};

static void *look_at_state(struct look *look)
{
	struct seen *seen = g_new0(struct seen, 1);

	seen->words = look_at_bus(look, &seen->state);
	return seen;
}

char *keyring_look(char **state)
{
	g_autofree struct seen *seen = look(look_at_state);

	*state = g_strdup(seen->state);
	return seen->words;
}

/* The name of the key that an item holds, or NULL. */
static char *item_key(struct look *look, const char *path)
{
	g_autoptr(GVariant) reply =
		call(look, SERVICE, path, "org.freedesktop.DBus.Properties", "Get",
		     g_variant_new("(ss)", ITEM_INTERFACE, "Attributes"));
	g_autoptr(GVariant) value = NULL;
	char *key = NULL;

	if (reply != NULL && g_variant_is_of_type(reply, G_VARIANT_TYPE("(v)")))
		g_variant_get(reply, "(v)", &value);
	if (value != NULL && g_variant_is_of_type(value, G_VARIANT_TYPE("a{ss}")))
		g_variant_lookup(value, "devid-key", "s", &key);
	return key;
}

static void *list_keys(struct look *look)
{
	g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GVariant) found = NULL;
	g_autofree const char **unlocked = NULL, **locked = NULL;
	GVariantBuilder wanted;

	if (!connect_bus(look))
		return NULL;
	g_variant_builder_init(&wanted, G_VARIANT_TYPE("a{ss}"));
	g_variant_builder_add(&wanted, "{ss}", "xdg:schema", "org.devid.DeviceKey");
	found = call(look, SERVICE, SERVICE_PATH, "org.freedesktop.Secret.Service", "SearchItems",
		     g_variant_new("(a{ss})", &wanted));
	if (found == NULL || !g_variant_is_of_type(found, G_VARIANT_TYPE("(aoao)")))
		return NULL;
	g_variant_get(found, "(^a&o^a&o)", &unlocked, &locked);
	for (gsize i = 0; unlocked[i] != NULL; i++) {
		char *key = item_key(look, unlocked[i]);

		if (key == NULL)
			return NULL;
		g_ptr_array_add(keys, key);
	}
	return g_steal_pointer(&keys);
}

GPtrArray *keyring_look_keys(void)
{
	return look(list_keys);
}
