/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the file of a connection says. */
#include <string.h>

#include "base/conf.h"
#include "base/error.h"
#include "connection.h"

#define HTTPS_PORT 443
#define HOST_MAX   253

void connection_free(struct connection *connection)
{
	if (!connection)
		return;
	g_free(connection->name);
	g_free(connection->path);
	g_free(connection->gateway);
	g_free(connection->client);
	g_free(connection->identity);
	g_free(connection->user);
	g_free(connection->protocol);
	g_strfreev(connection->arguments);
	g_free(connection->ca_file);
	g_free(connection->server_pin);
	g_strfreev(connection->tunnel_gateways);
	g_free(connection->config);
	g_strfreev(connection->command);
	g_free(connection->host);
	g_free(connection);
}

static const struct connection_client clients[] = {
	{ "openconnect", false, false }, { "openvpn", true, false },
	{ "strongswan", true, false },	 { "networkmanager", false, false },
	{ "exec", false, true },
};

const struct connection_client *connection_client_find(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(clients); i++)
		if (strcmp(clients[i].name, name) == 0)
			return &clients[i];
	return NULL;
}

char *connection_client_names(void)
{
	GString *names = g_string_new(NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(clients); i++)
		g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", clients[i].name);
	return g_string_free(names, false);
}

bool connection_is_name(const char *name)
{
	if (!g_ascii_isalnum(*name) || strlen(name) > CONNECTION_NAME_MAX)
		return false;
	for (; *name != '\0'; name++)
		if (!g_ascii_isalnum(*name) && strchr("._-", *name) == NULL)
			return false;
	return true;
}

/* A host's name or address: nothing that a client, or a shell that it calls, takes for more. */
static bool is_host(const char *host)
{
	if (!(g_ascii_isalnum(*host) || *host == ':') || strlen(host) > HOST_MAX)
		return false;
	for (; *host != '\0'; host++)
		if (!g_ascii_isalnum(*host) && strchr(".-_:", *host) == NULL)
			return false;
	return true;
}

/* host, host:port, [address]:port */
static bool split_gateway(const char *gateway, char **host, guint16 *port)
{
	const char *end, *colon;
	g_autofree char *name = NULL;
	guint64 number = HTTPS_PORT;

	if (*gateway == '[') {
		end = strchr(gateway, ']');
		if (!end)
			return false;
		name = g_ascii_strdown(gateway + 1, end - gateway - 1);
		colon = end[1] == '\0' ? NULL : end + 1;
		if (colon && *colon != ':')
			return false;
	} else {
		colon = strchr(gateway, ':');
		name = g_ascii_strdown(gateway, !colon ? -1 : colon - gateway);
	}
	if (!is_host(name) ||
	    (colon && !g_ascii_string_to_unsigned(colon + 1, 10, 1, G_MAXUINT16, &number, NULL)))
		return false;
	*port = (guint16)number;
	g_free(*host);
	*host = g_steal_pointer(&name);
	return true;
}

static char *set_gateway(void *target, const char *value)
{
	struct connection *connection = target;

	if (!split_gateway(value, &connection->host, &connection->port))
		return g_strdup("is no HOST or HOST:PORT");
	connection->gateway = g_strdup(value);
	return NULL;
}

static char *set_client(void *target, const char *value)
{
	struct connection *connection = target;

	if (!connection_client_find(value)) {
		g_autofree char *names = connection_client_names();

		return g_strdup_printf("is none of: %s", names);
	}
	connection->client = g_strdup(value);
	return NULL;
}

static char *set_identity(void *target, const char *value)
{
	struct connection *connection = target;

	return strcmp(value, "choose") == 0 ? NULL : conf_set_line(value, &connection->identity);
}

static char *set_protocol(void *target, const char *value)
{
	struct connection *connection = target;

	for (const char *at = value; *at != '\0'; at++)
		if (!g_ascii_isalnum(*at))
			return g_strdup("is no protocol's name");
	connection->protocol = g_strdup(value);
	return NULL;
}

/* Between semicolons: an argument may hold a comma or a blank. */
static char *set_arguments(void *target, const char *value)
{
	struct connection *connection = target;

	connection->arguments = conf_split(value, ";");
	return *connection->arguments ? NULL : g_strdup("names nothing");
}

static char *set_path(const char *value, char **target)
{
	return g_path_is_absolute(value) ? conf_set_line(value, target)
					 : g_strdup("is no absolute path");
}

static char *set_ca_file(void *target, const char *value)
{
	struct connection *connection = target;

	return set_path(value, &connection->ca_file);
}

static char *set_server_pin(void *target, const char *value)
{
	struct connection *connection = target;

	return strspn(value,
		      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/=:-") ==
			       strlen(value)
		       ? conf_set_line(value, &connection->server_pin)
		       : g_strdup("is no fingerprint, as pin-sha256:…");
}

static char *join_address(const char *host, guint16 port)
{
	return g_strdup_printf(strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, port);
}

static char *set_tunnel_gateways(void *target, const char *value)
{
	struct connection *connection = target;
	g_auto(GStrv) names = NULL;
	char *why = conf_set_list(value, &names);

	for (char **name = names; !why && *name; name++) {
		g_autofree char *host = NULL;
		guint16 port;

		if (!split_gateway(*name, &host, &port))
			return g_strdup_printf("has %s, which is no HOST or HOST:PORT", *name);
		g_free(*name);
		*name = join_address(host, port);
	}
	if (!why)
		connection->tunnel_gateways = g_steal_pointer(&names);
	return why;
}

static char *set_config(void *target, const char *value)
{
	struct connection *connection = target;

	return *value == '-' ? g_strdup("begins with a dash")
			     : conf_set_line(value, &connection->config);
}

/* Words as a shell would split them, without a shell. */
static char *set_command(void *target, const char *value)
{
	struct connection *connection = target;

	if (!g_shell_parse_argv(value, NULL, &connection->command, NULL))
		return g_strdup("can't be split into words: a quote is missing");
	return g_path_is_absolute(connection->command[0])
		       ? NULL
		       : g_strdup("does not begin with an absolute path");
}

static const struct conf_choice offices[] = { { "ignore", true },
					      { "no-tunnel", false },
					      { NULL, 0 } };

static const struct conf_key keys[] = {
	{ "Gateway", set_gateway },
	{ "Client", set_client },
	{ "Identity", set_identity },
	{ "User", CONF_FIELD(CONF_LINE, struct connection, user) },
	{ "SaveSignIn", CONF_FIELD(CONF_YES, struct connection, save) },
	{ "Protocol", set_protocol },
	{ "Arguments", set_arguments },
	{ "CAFile", set_ca_file },
	{ "ServerPin", set_server_pin },
	{ "Config", set_config },
	{ "Command", set_command },
	{ "Office", CONF_FIELD(CONF_CHOICE, struct connection, ignore_office), .choices = offices },
	{ "TunnelGateways", set_tunnel_gateways },
};

static void *begin(void *data, const char *name, unsigned line, char **why)
{
	return data;
}

static const struct conf_section sections[] = {
	{ "Connection", false, keys, G_N_ELEMENTS(keys), begin, NULL },
	{ NULL, false, NULL, 0, NULL, NULL },
};

/* What the file as a whole lacks, or NULL. */
static char *incomplete(const struct connection *connection)
{
	const struct connection_client *client = connection_client_find(connection->client);

	if (!connection->gateway)
		return g_strdup("there is no Gateway=");
	if (client->config_needed && !connection->config)
		return g_strdup_printf("Client=%s needs Config=", connection->client);
	if (client->command_needed && !connection->command)
		return g_strdup_printf("Client=%s needs Command=", connection->client);
	return NULL;
}

static struct connection *new_connection(const char *name)
{
	struct connection *connection = g_new0(struct connection, 1);

	connection->name = g_strdup(name);
	return connection;
}

struct connection *connection_parse(const char *name, const char *text, gsize length, char **why)
{
	g_autoptr(Connection) connection = new_connection(name);

	*why = conf_read(text, length, sections, connection);
	if (*why)
		return NULL;
	if (!connection->client)
		connection->client = g_strdup(CONNECTION_DEFAULT_CLIENT);
	*why = incomplete(connection);
	return !*why ? g_steal_pointer(&connection) : NULL;
}

struct connection *connection_for_gateway(const char *gateway, GError **error)
{
	g_autoptr(Connection) connection = new_connection(NULL);

	if (set_gateway(connection, gateway))
		return devid_error_null(error, DEVID_USAGE, NULL, "devid connect NAME|HOST[:PORT]",
					"%s: neither the name of a connection nor HOST[:PORT]",
					gateway);
	connection->client = g_strdup(CONNECTION_DEFAULT_CLIENT);
	connection->name =
		g_strdup_printf("%s%.*s_%u", strchr(connection->host, ':') ? "v6" : "",
				CONNECTION_NAME_MAX - 8, connection->host, connection->port);
	g_strdelimit(connection->name, ":", '-');
	return g_steal_pointer(&connection);
}

char *connection_address(const struct connection *connection)
{
	return join_address(connection->host, connection->port);
}

char *connection_tunnel_gateway(const struct connection *connection, const char *wanted)
{
	g_autofree char *host = NULL, *address = NULL, *own = connection_address(connection);
	guint16 port;

	if (!split_gateway(wanted, &host, &port))
		return NULL;
	address = join_address(host, port);
	if (strcmp(address, own) == 0)
		return g_steal_pointer(&own);
	for (char **name = connection->tunnel_gateways; name && *name; name++)
		if (strcmp(address, *name) == 0)
			return g_strdup(*name);
	return NULL;
}
