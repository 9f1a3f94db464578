/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* strongSwan, by swanctl: Config= names the child of swanctl.conf that is initiated. The daemon
 * runs as root and has the machine's identity.
 */
#include "connection/process.h"
#include "daemon.h"
#include "driver.h"

#define CLIENT "strongswan"

static GPtrArray *make_argv(const struct vpn_session *session, const char *action)
{
	GPtrArray *argv = process_argv("swanctl");

	process_add(argv, action, "--child", session->connection->config, NULL);
	vpn_session_end_argv(session, argv, NULL);
	return argv;
}

static bool start(struct vpn_session *session, GError **error)
{
	/* As whoever we are: whom the daemon's socket lets in is its administrator's choice. */
	return vpn_daemon_start(session,
				&(struct vpn_daemon){ .begin = make_argv(session, "--initiate"),
						      .look = make_argv(session, "--list-sas"),
						      .end = make_argv(session, "--terminate"),
						      .present = "INSTALLED",
						      .address = "installing new virtual IP ",
						      .client = CLIENT },
				error);
}

static void describe(const struct vpn_session *session, GPtrArray *lines)
{
	g_autoptr(GPtrArray) argv = make_argv(session, "--initiate");

	vpn_session_describe(lines, argv);
}

const struct vpn_driver vpn_strongswan = {
	.name = CLIENT,
	.system = true,
	.start = start,
	.stop = vpn_daemon_stop,
	.describe = describe,
};
