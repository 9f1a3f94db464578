/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One tunnel, from the call for it to its end: who asks, whether polkit lets that one, the cookie,
 * which of the gateway's addresses, openconnect.
 */
#include <string.h>
#include <internal/trust.h>
#include <internal/tunnel.h>

#include "base/error.h"
#include "connection/connection.h"
#include "connection/list.h"
#include "connection/openconnect.h"
#include "connection/process.h"
#include "cookie.h"
#include "tunnel.h"

static void end(struct tunnel *tunnel)
{
	tunnel->over(tunnel);
	g_cancellable_cancel(tunnel->cancel);
	g_object_unref(tunnel->cancel);
	if (tunnel->watch != 0)
		g_bus_unwatch_name(tunnel->watch);
	pipe_end(&tunnel->pipe);
	secret_clear(&tunnel->cookie);
	openconnect_settle_end(&tunnel->settling);
	if (tunnel->connection)
		connection_free(tunnel->connection);
	g_object_unref(tunnel->bus);
	g_free(tunnel->owner);
	g_free(tunnel->gateway);
	g_free(tunnel->address);
	g_free(tunnel);
}

/* Takes the error. */
static void refuse(struct tunnel *tunnel, GError *error)
{
	g_message("%s, user %d: %s", tunnel->owner, (int)tunnel->authority.uid, error->message);
	g_dbus_method_invocation_return_dbus_error(g_steal_pointer(&tunnel->asked),
						   g_quark_to_string((GQuark)error->code),
						   error->message);
	g_error_free(error);
	end(tunnel);
}

/* To its owner alone. */
static void tell(const struct tunnel *tunnel, const char *signal, GVariant *values)
{
	g_dbus_connection_emit_signal(tunnel->bus, tunnel->owner, TUNNEL_PATH, TUNNEL_INTERFACE,
				      signal, values, NULL);
}

/* --- openconnect ---------------------------------------------------------------------------- */

static void take_line(const char *line, void *data)
{
	struct tunnel *tunnel = data;

	tell(tunnel, "Line", g_variant_new("(s)", line));
	openconnect_settle(&tunnel->settling, line);
}

static void settled(const char *address, void *data)
{
	tell(data, "Connected", g_variant_new("(s)", address));
}

static void has_ended(int status, void *data)
{
	struct tunnel *tunnel = data;

	g_message("%s: ended", tunnel->connection->name);
	tunnel->process = NULL;
	tell(tunnel, "Ended", g_variant_new("(i)", status));
	end(tunnel);
}

static void run(struct tunnel *tunnel)
{
	g_autoptr(GPtrArray) argv =
		openconnect_machine_argv(tunnel->connection, tunnel->gateway, tunnel->address);
	struct process_command command = {
		.input = &tunnel->cookie, .line = take_line, .ended = has_ended, .data = tunnel
	};
	g_autoptr(GError) failure = NULL;

	command.argv = (const char *const *)argv->pdata;
	tunnel->process = process_start(&command, &failure);
	secret_clear(&tunnel->cookie);
	if (!tunnel->process) {
		refuse(tunnel, tunnel_error(devid_error_result(failure) == DEVID_NOT_FOUND
						    ? TUNNEL_NO_CLIENT
						    : TUNNEL_FAILED,
					    "%s", failure->message));
		return;
	}
	g_message("%s: user %u, %s, process %d", tunnel->connection->name,
		  (unsigned)tunnel->authority.uid, tunnel->gateway,
		  (int)process_pid(tunnel->process));
	tunnel->settling.pid = process_pid(tunnel->process);
	tunnel->settling.settled = settled;
	tunnel->settling.data = tunnel;
	g_dbus_method_invocation_return_value(g_steal_pointer(&tunnel->asked), NULL);
}

/* --- the gateway's address ------------------------------------------------------------------ */

/* The caller's is a wish among those that root itself finds; another one is passed over. */
static void resolved(GObject *resolver, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) error = NULL;
	GList *addresses = g_resolver_lookup_by_name_finish(G_RESOLVER(resolver), result, &error);
	struct tunnel *tunnel = data;
	g_autofree char *found = NULL;

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	for (GList *at = addresses; at && !found; at = at->next) {
		g_autofree char *text = g_inet_address_to_string(at->data);

		if (strcmp(text, tunnel->address) == 0)
			found = g_steal_pointer(&text);
	}
	g_resolver_free_addresses(addresses);
	g_free(tunnel->address);
	tunnel->address = g_steal_pointer(&found);
	run(tunnel);
}

static void find_address(struct tunnel *tunnel)
{
	g_autoptr(GResolver) resolver = g_resolver_get_default();
	g_autofree char *host =
		g_strndup(tunnel->gateway, strrchr(tunnel->gateway, ':') - tunnel->gateway);

	if (!tunnel->address || *host == '[' || g_hostname_is_ip_address(host) ||
	    !g_hostname_is_ip_address(tunnel->address)) {
		g_clear_pointer(&tunnel->address, g_free);
		run(tunnel);
		return;
	}
	g_resolver_lookup_by_name_async(resolver, host, tunnel->cancel, resolved, tunnel);
}

/* --- step by step --------------------------------------------------------------------------- */

static void cookie_came(void *data, const char *why)
{
	struct tunnel *tunnel = data;

	if (why)
		refuse(tunnel, tunnel_error(TUNNEL_BAD_COOKIE, "the cookie %s", why));
	else if (!cookie_is_sound(&tunnel->cookie))
		refuse(tunnel, tunnel_error(TUNNEL_BAD_COOKIE,
					    "what came as the cookie is none: one line of at most "
					    "%d printable characters",
					    COOKIE_MAX));
	else
		find_address(tunnel);
}

/* Takes the error of the bus or of polkit. */
static void not_allowed(struct tunnel *tunnel, GError *error)
{
	refuse(tunnel, tunnel_error(TUNNEL_NOT_ALLOWED, "%s", error->message));
	g_error_free(error);
}

static void may_go_on(void *data, GError *error)
{
	struct tunnel *tunnel = data;

	if (error)
		not_allowed(tunnel, error);
	else
		pipe_read(&tunnel->pipe);
}

static void is_identified(void *data, GError *error)
{
	struct tunnel *tunnel = data;

	if (error) {
		not_allowed(tunnel, error);
		return;
	}
	if (tunnel->too_many(tunnel)) {
		refuse(tunnel, tunnel_error(TUNNEL_BUSY, "this user has too many tunnels"));
		return;
	}
	tunnel->authority.then = may_go_on;
	authority_check(&tunnel->authority, TUNNEL_ACTION,
			g_variant_new_parsed("{'connection': %s, 'gateway': %s}",
					     tunnel->connection->name, tunnel->gateway));
}

static void owner_vanished(GDBusConnection *bus, const char *name, gpointer data)
{
	tunnel_stop(data);
}

/* Nothing of a user's is read as root: not the file, and not what it names. */
static GError *load(struct tunnel *tunnel, const char *name, const char *gateway)
{
	g_autofree char *path = NULL;
	g_autoptr(GError) failure = NULL;
	char fault[PATH_BUFFER];

	/* Whatever is no name is no path either. */
	if (!connection_is_name(name))
		return tunnel_error(TUNNEL_NOT_FOUND, "that is no connection's name");
	path = g_strdup_printf("/etc/devid/connections.d/%s" CONNECTION_SUFFIX, name);
	tunnel->connection = connection_load(SCOPE_SYSTEM, name, &failure);
	if (failure)
		return tunnel_error(TUNNEL_BROKEN, "%s", failure->message);
	if (!tunnel->connection)
		return tunnel_error(TUNNEL_NOT_FOUND, "there is no %s", path);
	if (!path_is_roots(path, fault))
		return tunnel_error(TUNNEL_BROKEN, "%s: " PATH_NOT_ROOTS, fault);
	if (strcmp(tunnel->connection->client, VPN_OPENCONNECT) != 0)
		return tunnel_error(TUNNEL_BROKEN, "%s: Client=%s is nothing that is run for users",
				    path, tunnel->connection->client);
	if (!tunnel->connection->server_pin && tunnel->connection->ca_file &&
	    !path_is_roots(tunnel->connection->ca_file, fault))
		return tunnel_error(TUNNEL_BROKEN, "CAFile=%s: %s: " PATH_NOT_ROOTS,
				    tunnel->connection->ca_file, fault);
	tunnel->gateway = connection_tunnel_gateway(tunnel->connection, gateway);
	return tunnel->gateway
		       ? NULL
		       : tunnel_error(TUNNEL_OTHER_GATEWAY, "%s names no such gateway", path);
}

void tunnel_begin(struct tunnel *tunnel, const char *name, const char *gateway)
{
	GError *error = load(tunnel, name, gateway);

	tunnel->pipe.limit = COOKIE_MAX;
	tunnel->pipe.into = &tunnel->cookie;
	tunnel->pipe.then = cookie_came;
	tunnel->pipe.data = tunnel;
	if (error) {
		refuse(tunnel, error);
		return;
	}
	tunnel->watch = g_bus_watch_name_on_connection(tunnel->bus, tunnel->owner,
						       G_BUS_NAME_WATCHER_FLAGS_NONE, NULL,
						       owner_vanished, tunnel, NULL);
	tunnel->authority = (struct authority){ .asked = tunnel->asked,
						.cancel = tunnel->cancel,
						.uid = (uid_t)-1,
						.then = is_identified,
						.data = tunnel };
	authority_identify(&tunnel->authority);
}

void tunnel_stop(struct tunnel *tunnel)
{
	if (tunnel->asked) {
		refuse(tunnel, tunnel_error(TUNNEL_FAILED, "it is not wanted any more"));
	} else if (!tunnel->stopping) {
		tunnel->stopping = true;
		process_stop(tunnel->process);
	}
}
