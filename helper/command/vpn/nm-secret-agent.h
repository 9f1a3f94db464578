/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A secret agent for one connection: NetworkManager asks it for the cookie, which is then in no
 * message that others could read and in no file.
 */
#pragma once

#include <stdbool.h>
#include <internal/secret.h>
#include "bus-service.h"

struct nm_agent {
	struct bus_service *nm;
	char *uuid;	      /* of the connection */
	struct secret cookie; /* wiped when it was given */
	char *gateway, *pin, *resolve;
	guint object;
};
/* Before it is registered with NetworkManager. */
bool nm_agent_publish(struct nm_agent *agent, GError **error);
void nm_agent_register(struct nm_agent *agent, bus_service_done done);
void nm_agent_clear(struct nm_agent *agent);
