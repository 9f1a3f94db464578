/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether connections are better made by NetworkManager: where it carries this machine's network
 * and knows openconnect, nobody needs to be root.
 */
#include <string.h>

#include "bus-service.h"
#include "nm-look.h"
#include "nm.h"

#define LOOK_BOUND_MS 2000

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

bool nm_is_usable(void)
{
	bool usable = false;
	struct bus_service nm = { .name = NM_NAME, .ready = ready, .data = &usable };

	if (has_plugin())
		bus_service_run(&nm, LOOK_BOUND_MS);
	return usable;
}
