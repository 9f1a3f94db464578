/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Secret Services that keep what was removed.
 *
 * The specification of the Secret Service says of Delete only that the item is deleted. A service
 * that has a recycle bin, or a history of each item, has the secret still. So a secret is
 * overwritten before its item is deleted, and who keeps more than that is told by name.
 */
#include "keeper.h"

#define BUS	 "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"
#define SERVICE	 "org.freedesktop.secrets"

/* KeePassXC: deletes into its recycle bin, an entry's history with it; 10 versions is its default
 * for a database, which may be set higher, or without end.
 */
static const struct keeper keepers[] = {
	{ "KeePassXC", "org.keepassxc.KeePassXC.MainWindow", 10,
	  "KeePassXC keeps deleted entries in its recycle bin. What was secret in this one was "
	  "overwritten before; it is still in the entry's history where the database was set to "
	  "keep more than 10 versions, and in copies of the database. Delete the entry from the "
	  "bin too" },
};

static char *owner_of(GDBusConnection *bus, const char *name, int bound_ms, GCancellable *cancel)
{
	g_autoptr(GVariant) reply = g_dbus_connection_call_sync(
		bus, BUS, BUS_PATH, BUS, "GetNameOwner", g_variant_new("(s)", name),
		G_VARIANT_TYPE("(s)"), G_DBUS_CALL_FLAGS_NONE, bound_ms, cancel, NULL);
	char *owner = NULL;

	if (reply)
		g_variant_get(reply, "(s)", &owner);
	return owner;
}

const struct keeper *keeper_find(GDBusConnection *bus, int bound_ms, GCancellable *cancel)
{
	g_autofree char *service = owner_of(bus, SERVICE, bound_ms, cancel);

	for (gsize i = 0; service && i < G_N_ELEMENTS(keepers); i++) {
		g_autofree char *owner = owner_of(bus, keepers[i].bus_name, bound_ms, cancel);

		if (g_strcmp0(owner, service) == 0)
			return &keepers[i];
	}
	return NULL;
}

char *keeper_filling(guint turn)
{
	return g_strdup_printf("removed by devid (%u)", turn + 1);
}

guint keeper_turns(const struct keeper *keeper)
{
	return keeper ? keeper->versions + 1 : 1;
}
