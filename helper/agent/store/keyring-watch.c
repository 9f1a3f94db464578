/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What becomes of the keyring while nobody asks it anything: it locks, unlocks, goes, comes
 * back. */
#include "keyring-private.h"
#include "keyring-watch.h"
#include "store.h"

static struct {
	GMutex lock; /* held while `told` runs */
	void (*told)(enum keyring_news news, void *data);
	void *data;
} watcher;

static struct {
	GMutex lock;
	GHashTable *locked; /* paths of collections that were locked when they were last heard of */
} collections;

void keyring_watch_tell(enum keyring_news news)
{
	g_mutex_lock(&watcher.lock);
	if (watcher.told)
		watcher.told(news, watcher.data);
	g_mutex_unlock(&watcher.lock);
}

void store_keyring_watch(void (*told)(enum keyring_news news, void *data), void *data)
{
	g_mutex_lock(&watcher.lock);
	watcher.told = told;
	watcher.data = data;
	g_mutex_unlock(&watcher.lock);
}

/* An unlocked collection tells of every item that changes: that is news once. */
static void hear(const char *collection, bool locked)
{
	bool news = true;

	g_mutex_lock(&collections.lock);
	if (!collections.locked)
		collections.locked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	if (!locked)
		news = !g_hash_table_contains(collections.locked, collection) ||
		       GPOINTER_TO_INT(g_hash_table_lookup(collections.locked, collection));
	g_hash_table_replace(collections.locked, g_strdup(collection), GINT_TO_POINTER(locked));
	g_mutex_unlock(&collections.lock);
	if (news)
		keyring_watch_tell(locked ? KEYRING_LOCKED : KEYRING_USABLE);
}

static void on_properties_changed(GDBusConnection *connection, const char *sender, const char *path,
				  const char *interface, const char *signal, GVariant *parameters,
				  gpointer data)
{
	g_autoptr(GVariant) properties = NULL;
	gboolean locked;

	if (!g_variant_is_of_type(parameters, G_VARIANT_TYPE("(sa{sv}as)")))
		return;
	properties = g_variant_get_child_value(parameters, 1);
	if (g_variant_lookup(properties, "Locked", "b", &locked))
		hear(path, locked);
}

static void on_locked_told(GObject *connection, GAsyncResult *result, gpointer data)
{
	g_autoptr(GVariant) reply =
		g_dbus_connection_call_finish(G_DBUS_CONNECTION(connection), result, NULL);
	g_autoptr(GVariant) value = NULL;
	g_autofree char *collection = data;

	if (!reply)
		return;
	g_variant_get(reply, "(v)", &value);
	if (g_variant_is_of_type(value, G_VARIANT_TYPE_BOOLEAN))
		hear(collection, g_variant_get_boolean(value));
}

/* Daemons older than PropertiesChanged say only that something changed. */
static void on_collection_changed(GDBusConnection *connection, const char *sender, const char *path,
				  const char *interface, const char *signal, GVariant *parameters,
				  gpointer data)
{
	const char *collection;

	if (!g_variant_is_of_type(parameters, G_VARIANT_TYPE("(o)")))
		return;
	g_variant_get(parameters, "(&o)", &collection);
	g_dbus_connection_call(connection, SERVICE_NAME, collection, PROPERTIES_INTERFACE, "Get",
			       g_variant_new("(ss)", COLLECTION_INTERFACE, "Locked"),
			       G_VARIANT_TYPE("(v)"), G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL,
			       on_locked_told, g_strdup(collection));
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
