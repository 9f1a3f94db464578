/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid-tunnel: a service of the system bus, started by it, that leaves when it is not needed. */
#include <linux/capability.h>
#include <internal/tunnel.h>

#include "root/serve.h"
#include "service.h"

int main(int argc, char **argv)
{
	static const struct serve_program program = {
		.title = "devid-tunnel",
		.name = TUNNEL_NAME,
		/* The interface, its addresses and routes. Files that root owns, as
		 * /etc/resolv.conf, need none. */
		.kept = 1u << CAP_NET_ADMIN,
		/* Longer than a sign-in: devid has us started while that goes on. */
		.idle_s = 180,
		.path = TUNNEL_PATH,
		.description = service_description,
		.called = service_called,
		.is_busy = service_is_busy,
		.stop = service_stop,
	};

	return serve(&program, argc, argv);
}
