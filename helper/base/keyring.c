/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a keyring is there, asked of the session bus alone. */
#include <stdbool.h>
#include <string.h>
#include <gio/gio.h>

#include "bus.h"
#include "keyring.h"

#define BOUND_MS	     2000
#define SERVICE		     "org.freedesktop.secrets"
#define SERVICE_PATH	     "/org/freedesktop/secrets"
#define ITEM_INTERFACE	     "org.freedesktop.Secret.Item"
#define DEFAULT_COLLECTION   "/org/freedesktop/secrets/aliases/default"
#define COLLECTION_INTERFACE "org.freedesktop.Secret.Collection"

struct look {
	struct bus_bound bound;
	GDBusConnection *bus;
};

static GVariant *call(struct look *look, const char *service, const char *path,
		      const char *interface, const char *method, GVariant *arguments)
{
	/* One clock ends it: a timeout of its own would look like an answer that is none. */
	return g_dbus_connection_call_sync(look->bus, service, path, interface, method, arguments,
					   NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, G_MAXINT,
					   look->bound.cancel, NULL);
}

static bool can_be_started(struct look *look)
{
	g_autoptr(GVariant) reply = call(look, "org.freedesktop.DBus", "/org/freedesktop/DBus",
					 "org.freedesktop.DBus", "ListActivatableNames", NULL);
	g_autofree const char **names = NULL;

	if (!reply || !g_variant_is_of_type(reply, G_VARIANT_TYPE("(as)")))
		return false;
	g_variant_get(reply, "(^a&s)", &names);
	return g_strv_contains(names, SERVICE);
}

static bool default_is_named(struct look *look)
{
	g_autoptr(GVariant) reply =
		call(look, SERVICE, SERVICE_PATH, "org.freedesktop.Secret.Service", "ReadAlias",
		     g_variant_new("(s)", "default"));
	const char *path = "/";

	if (reply && g_variant_is_of_type(reply, G_VARIANT_TYPE("(o)")))
		g_variant_get(reply, "(&o)", &path);
	return strcmp(path, "/") != 0;
}

static char *look_at_bus(struct look *look, const char **state)
{
	g_autoptr(GVariant) owned = NULL, locked = NULL, value = NULL;
	gboolean has_owner = FALSE;

	*state = "missing";
	if (!look->bus)
		return g_strdup("none: no session bus can be reached");
	owned = call(look, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
		     "NameHasOwner", g_variant_new("(s)", SERVICE));
	if (!owned)
		return g_strdup("the session's bus does not answer");
	if (g_variant_is_of_type(owned, G_VARIANT_TYPE("(b)")))
		g_variant_get(owned, "(b)", &has_owner);
	/* As the agent calls it. */
	if (!has_owner && can_be_started(look)) {
		*state = "locked";
		return g_strdup("locked: its daemon does not run yet; it is started when needed");
	}
	if (!has_owner)
		return g_strdup("none runs on this session's bus");
	locked = call(look, SERVICE, DEFAULT_COLLECTION, "org.freedesktop.DBus.Properties", "Get",
		      g_variant_new("(ss)", COLLECTION_INTERFACE, "Locked"));
	if (!locked)
		return g_strdup(g_cancellable_is_cancelled(look->bound.cancel)
					? "it does not answer"
				: default_is_named(look) ? KEYRING_DANGLING
							 : "it runs and has no default collection");
	if (g_variant_is_of_type(locked, G_VARIANT_TYPE("(v)")))
		g_variant_get(locked, "(v)", &value);
	if (!value || !g_variant_is_of_type(value, G_VARIANT_TYPE_BOOLEAN))
		return g_strdup("it answers what is no answer");
	*state = g_variant_get_boolean(value) ? "locked" : "ready";
	return g_strdup(*state);
}

/* Runs `work` with a bus of its own, within the bound. */
static void *look(void *(*work)(struct look *look))
{
	struct look look = { .bus = NULL };
	void *found;

	bus_bound_begin(&look.bound, BOUND_MS);
	look.bus = bus_open_session(look.bound.cancel, NULL, NULL);
	found = work(&look);
	g_clear_object(&look.bus);
	bus_bound_end(&look.bound);
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

	if (reply && g_variant_is_of_type(reply, G_VARIANT_TYPE("(v)")))
		g_variant_get(reply, "(v)", &value);
	if (value && g_variant_is_of_type(value, G_VARIANT_TYPE("a{ss}")))
		g_variant_lookup(value, "devid-key", "s", &key);
	return key;
}

static void *list_keys(struct look *look)
{
	g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GVariant) found = NULL;
	g_autofree const char **unlocked = NULL, **locked = NULL;
	GVariantBuilder wanted;

	if (!look->bus)
		return NULL;
	g_variant_builder_init(&wanted, G_VARIANT_TYPE("a{ss}"));
	g_variant_builder_add(&wanted, "{ss}", "xdg:schema", "org.devid.DeviceKey");
	found = call(look, SERVICE, SERVICE_PATH, "org.freedesktop.Secret.Service", "SearchItems",
		     g_variant_new("(a{ss})", &wanted));
	if (!found || !g_variant_is_of_type(found, G_VARIANT_TYPE("(aoao)")))
		return NULL;
	g_variant_get(found, "(^a&o^a&o)", &unlocked, &locked);
	for (gsize i = 0; unlocked[i] != NULL; i++) {
		char *key = item_key(look, unlocked[i]);

		if (!key)
			return NULL;
		g_ptr_array_add(keys, key);
	}
	return g_steal_pointer(&keys);
}

GPtrArray *keyring_look_keys(void)
{
	return look(list_keys);
}
