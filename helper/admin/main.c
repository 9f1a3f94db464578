/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid-admin: does as root what needs root on a desktop, for whom polkit lets. Started by the
 * system bus. */
#include <linux/capability.h>
#include <internal/admin.h>

#include "root/serve.h"
#include "service.h"

int main(int argc, char **argv)
{
	static const struct serve_program program = {
		.title = "devid-admin",
		.name = ADMIN_NAME,
		/* The agent's user owns the log and, where no unit starts the agent, that is done
		 * here. */
		.kept = 1u << CAP_CHOWN | 1u << CAP_DAC_OVERRIDE | 1u << CAP_FOWNER |
			1u << CAP_SETGID | 1u << CAP_SETUID,
		.idle_s = 30,
		.path = ADMIN_PATH,
		.description = admin_description,
		.called = admin_called,
		.is_busy = admin_is_busy,
		.stop = admin_stop,
	};

	return serve(&program, argc, argv);
}
