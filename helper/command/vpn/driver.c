/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The clients that `devid connect` runs, and which of them makes a connection here. */
#include <string.h>
#include <unistd.h>

#include "bus-service.h"
#include "driver.h"
#include "nm.h"
#include "openconnect.h"

#define LOOK_BOUND_MS 2000

static const struct vpn_driver *const drivers[] = {
	&vpn_openconnect, &vpn_openvpn, &vpn_strongswan, &vpn_networkmanager, &vpn_exec,
};

const struct vpn_driver *vpn_driver_find(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(drivers); i++)
		if (strcmp(drivers[i]->name, name) == 0)
			return drivers[i];
	return NULL;
}

/* It has no question for that: a file says which plugins it can start. */
static bool has_plugin_in(const char *folder)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;
	bool found = false;

	while (dir && !found && (name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *path = g_build_filename(folder, name, NULL), *service = NULL;
		g_autoptr(GKeyFile) file = g_key_file_new();

		if (!g_str_has_suffix(name, ".name") ||
		    !g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL))
			continue;
		service = g_key_file_get_string(file, "VPN Connection", "service", NULL);
		found = g_strcmp0(service, NM_OPENCONNECT) == 0;
	}
	return found;
}

static bool has_plugin(void)
{
	static const char *const folders[] = { "/usr/lib/NetworkManager/VPN",
					       "/etc/NetworkManager/VPN" };

	for (size_t i = 0; i < G_N_ELEMENTS(folders); i++)
		if (has_plugin_in(folders[i]))
			return true;
	return false;
}

static void found(struct bus_service *nm, GVariant *properties)
{
	const char *primary = "/";

	nm->over = true;
	*(bool *)nm->data = properties &&
			    g_variant_lookup(properties, "PrimaryConnection", "&o", &primary) &&
			    strcmp(primary, "/") != 0;
}

static void ready(struct bus_service *nm)
{
	bus_service_properties(nm, NM_PATH, NM_NAME, found);
}

/* Whether NetworkManager runs, carries this machine's network, and has its openconnect plugin: then
 * nobody needs to be root. Bounded. */
static bool nm_is_usable(void)
{
	bool usable = false;
	struct bus_service nm = { .name = NM_NAME, .ready = ready, .data = &usable };

	if (has_plugin())
		bus_service_run(&nm, LOOK_BOUND_MS);
	return usable;
}

/* openconnect's tunnel is NetworkManager's where that carries the network: it needs no root. */
const struct vpn_driver *vpn_driver_for(const struct connection *connection)
{
	const struct vpn_driver *driver = vpn_driver_find(connection->client);

	return driver == &vpn_openconnect && geteuid() != 0 && nm_is_usable() ? &vpn_networkmanager
									      : driver;
}
