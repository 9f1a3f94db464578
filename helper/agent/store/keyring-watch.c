/* Whether the keyring locked: whoever caches keys from it must drop them then. */
#include "keyring-private.h"

static struct {
	GMutex lock;
	void (*locked)(void *data);
	void *data;
} watcher;

void keyring_watch_locked(void)
{
	void (*locked)(void *data);
	void *data;

	g_mutex_lock(&watcher.lock);
	locked = watcher.locked;
	data = watcher.data;
	g_mutex_unlock(&watcher.lock);
	if (locked)
		locked(data);
}

void store_keyring_watch(void (*locked)(void *data), void *data)
{
	g_mutex_lock(&watcher.lock);
	watcher.locked = locked;
	watcher.data = data;
	g_mutex_unlock(&watcher.lock);
	store_keyring_prepare();
}

void store_keyring_prepare(void)
{
	keyring_link_prepare();
}

static void on_properties_changed(GDBusConnection *connection, const char *sender, const char *path,
				  const char *interface, const char *signal, GVariant *parameters,
				  gpointer data)
{
	g_autoptr(GVariant) properties = NULL;
	gboolean locked;

	(void)connection;
	(void)sender;
	(void)path;
	(void)interface;
	(void)signal;
	(void)data;
	if (!g_variant_is_of_type(parameters, G_VARIANT_TYPE("(sa{sv}as)")))
		return;
	properties = g_variant_get_child_value(parameters, 1);
	if (g_variant_lookup(properties, "Locked", "b", &locked) && locked)
		keyring_watch_locked();
}

static void on_locked_told(GObject *connection, GAsyncResult *result, gpointer data)
{
	g_autoptr(GVariant) reply =
		g_dbus_connection_call_finish(G_DBUS_CONNECTION(connection), result, NULL);
	g_autoptr(GVariant) value = NULL;

	(void)data;
	if (!reply)
		return;
	g_variant_get(reply, "(v)", &value);
	if (g_variant_is_of_type(value, G_VARIANT_TYPE_BOOLEAN) && g_variant_get_boolean(value))
		keyring_watch_locked();
}

/* Daemons older than PropertiesChanged say only that something changed. */
static void on_collection_changed(GDBusConnection *connection, const char *sender, const char *path,
				  const char *interface, const char *signal, GVariant *parameters,
				  gpointer data)
{
	const char *collection;

	(void)sender;
	(void)path;
	(void)interface;
	(void)signal;
	(void)data;
	if (!g_variant_is_of_type(parameters, G_VARIANT_TYPE("(o)")))
		return;
	g_variant_get(parameters, "(&o)", &collection);
	g_dbus_connection_call(connection, SERVICE_NAME, collection, PROPERTIES_INTERFACE, "Get",
			       g_variant_new("(ss)", COLLECTION_INTERFACE, "Locked"),
			       G_VARIANT_TYPE("(v)"), G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL,
			       on_locked_told, NULL);
}

void keyring_watch_subscribe(GDBusConnection *connection)
{
	g_dbus_connection_signal_subscribe(
		connection, SERVICE_NAME, PROPERTIES_INTERFACE, "PropertiesChanged", NULL,
		COLLECTION_INTERFACE, G_DBUS_SIGNAL_FLAGS_NONE, on_properties_changed, NULL, NULL);
	g_dbus_connection_signal_subscribe(
		connection, SERVICE_NAME, SERVICE_INTERFACE, "CollectionChanged", NULL, NULL,
		G_DBUS_SIGNAL_FLAGS_NONE, on_collection_changed, NULL, NULL);
}
