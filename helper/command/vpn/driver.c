/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The clients that `devid connect` runs, and what every session has. */
#include <string.h>
#include <unistd.h>

#include "driver.h"
#include "nm-look.h"
#include "openconnect.h"

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

/* openconnect's tunnel is NetworkManager's where that carries the network: it needs no root. */
const struct vpn_driver *vpn_driver_for(const struct connection *connection)
{
	const struct vpn_driver *driver = vpn_driver_find(connection->client);

	return driver == &vpn_openconnect && geteuid() != 0 && nm_is_usable() ? &vpn_networkmanager
									      : driver;
}
