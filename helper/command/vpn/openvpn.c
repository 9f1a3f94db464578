/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OpenVPN. Config= is its configuration file, with which root alone can have it run, or the NAME of
 * a unit openvpn-client@NAME.service where systemd runs. Either way it has the machine's identity.
 */
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "connection/process.h"
#include "daemon.h"
#include "driver.h"
#include "root.h"
#include "tunnel.h"

#define CLIENT	  "openvpn"
#define CONNECTED "Initialization Sequence Completed"
#define ADDRESS	  "net_addr_v4_add: "
#define SYSTEMD	  "/run/systemd/system"

static bool is_file(const struct vpn_session *session)
{
	return g_path_is_absolute(session->connection->config);
}

/* --- as a program --------------------------------------------------------------------------- */

/* What would make it try again by itself ends it here: it is checked first. */
static GPtrArray *file_argv(const struct vpn_session *session)
{
	GPtrArray *argv = process_argv(CLIENT);

	process_add(argv, "--config", session->connection->config, "--connect-retry-max", "1",
		    "--remap-usr1", "SIGTERM", NULL);
	vpn_session_end_argv(session, argv, NULL);
	return argv;
}

static void look(struct vpn_tunnel *tunnel, const char *line)
{
	const char *address = strstr(line, ADDRESS);

	if (address && !tunnel->address) {
		address += strlen(ADDRESS);
		tunnel->address = g_strndup(address, strcspn(address, "/ "));
	}
	if (strstr(line, CONNECTED))
		tunnel->session->connected(tunnel->session, tunnel->address);
}

static bool start_file(struct vpn_session *session, GError **error)
{
	g_autoptr(GPtrArray) argv = NULL;

	/* The file runs whatever it likes as root. */
	if (!vpn_root_is_here(
		    session,
		    "ask the administrator for a unit openvpn-client@NAME, and for Config=NAME",
		    error))
		return false;
	argv = file_argv(session);
	return vpn_tunnel_start(session, CLIENT, look, argv, NULL, error);
}

/* --- as a unit ------------------------------------------------------------------------------ */

/* systemctl asks polkit by itself. */
static GPtrArray *unit_argv(const struct vpn_session *session, const char *action,
			    const char *option)
{
	g_autofree char *unit =
		g_strdup_printf("openvpn-client@%s.service", session->connection->config);
	GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);

	process_add(argv, "systemctl", action, option, unit, NULL);
	g_ptr_array_add(argv, NULL);
	return argv;
}

static bool start_unit(struct vpn_session *session, GError **error)
{
	if (access(SYSTEMD, F_OK) != 0)
		return devid_error_set(error, DEVID_NOT_FOUND, "client-missing", NULL,
				       "%s: Config=%s names a unit, and systemd does not run here",
				       session->connection->gateway, session->connection->config);
	return vpn_daemon_start(
		session,
		&(struct vpn_daemon){
			.begin = unit_argv(session, "start", "--quiet"),
			.look = unit_argv(session, "show", "--property=ActiveState,StatusText"),
			.end = unit_argv(session, "stop", "--quiet"),
			.present = "ActiveState=active",
			/* The unit counts as started before there is a tunnel. */
			.settled = "StatusText=" CONNECTED,
			.client = CLIENT },
		error);
}

/* --- either --------------------------------------------------------------------------------- */

static bool start(struct vpn_session *session, GError **error)
{
	return is_file(session) ? start_file(session, error) : start_unit(session, error);
}

static void stop(struct vpn_session *session)
{
	if (is_file(session))
		vpn_tunnel_stop(session);
	else
		vpn_daemon_stop(session);
}

static void describe(const struct vpn_session *session, GPtrArray *lines)
{
	g_autoptr(GPtrArray) argv =
		is_file(session) ? file_argv(session) : unit_argv(session, "start", "--quiet");

	vpn_session_describe(lines, argv);
}

const struct vpn_driver vpn_openvpn = {
	.name = CLIENT,
	.system = true,
	.start = start,
	.stop = stop,
	.describe = describe,
};
