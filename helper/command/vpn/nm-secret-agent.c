/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A secret agent for one connection: NetworkManager asks it for the cookie, which is then in no
 * message that others could read and in no file. Nobody else is answered, no other connection, and
 * nothing twice.
 */
#include <string.h>

#include "bus-service.h"
#include "nm-secret-agent.h"
#include "nm.h"

#define AGENT_INTERFACE NM_NAME ".SecretAgent"
#define AGENT_PATH	NM_PATH "/SecretAgent"
#define MANAGER_PATH	NM_PATH "/AgentManager"
#define REQUEST_NEW	0x2u /* NMSecretAgentGetSecretsFlags: what was given did not do */

static const char description[] =
	"<node><interface name='" AGENT_INTERFACE "'>"
	"<method name='GetSecrets'>"
	"<arg type='a{sa{sv}}' direction='in'/><arg type='o' direction='in'/>"
	"<arg type='s' direction='in'/><arg type='as' direction='in'/><arg type='u' direction='in'/>"
	"<arg type='a{sa{sv}}' direction='out'/></method>"
	"<method name='CancelGetSecrets'>"
	"<arg type='o' direction='in'/><arg type='s' direction='in'/></method>"
	"<method name='SaveSecrets'>"
	"<arg type='a{sa{sv}}' direction='in'/><arg type='o' direction='in'/></method>"
	"<method name='DeleteSecrets'>"
	"<arg type='a{sa{sv}}' direction='in'/><arg type='o' direction='in'/></method>"
	"</interface></node>";

/* Whether it is our connection that is asked for. */
static bool is_ours(const struct nm_agent *agent, GVariant *arguments)
{
	g_autoptr(GVariant) connection = NULL, part = NULL;
	const char *setting = NULL, *uuid = NULL;
	guint32 flags = 0;

	g_variant_get(arguments, "(@a{sa{sv}}&o&s^a&su)", &connection, NULL, &setting, NULL,
		      &flags);
	if (strcmp(setting, "vpn") != 0 || (flags & REQUEST_NEW) != 0)
		return false;
	part = g_variant_lookup_value(connection, "connection", G_VARIANT_TYPE_VARDICT);
	return part && g_variant_lookup(part, "uuid", "&s", &uuid) &&
	       strcmp(uuid, agent->uuid) == 0;
}

static void give(struct nm_agent *agent, GDBusMethodInvocation *invocation)
{
	const char *const names[] = { "cookie", "gateway", "gwcert", "resolve" };
	const char *const values[] = { (const char *)agent->cookie.data, agent->gateway, agent->pin,
				       agent->resolve };
	GVariantBuilder secrets;

	g_variant_builder_init(&secrets, G_VARIANT_TYPE("a{ss}"));
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (values[i])
			g_variant_builder_add(&secrets, "{ss}", names[i], values[i]);
	g_dbus_method_invocation_return_value(
		invocation, g_variant_new_parsed("({'vpn': {'secrets': <%@a{ss}>}},)",
						 g_variant_builder_end(&secrets)));
	secret_clear(&agent->cookie);
}

static void called(GDBusConnection *bus, const char *sender, const char *path,
		   const char *interface, const char *method, GVariant *arguments,
		   GDBusMethodInvocation *invocation, gpointer data)
{
	struct nm_agent *agent = data;

	if (g_strcmp0(sender, agent->nm->owner) != 0)
		g_dbus_method_invocation_return_dbus_error(
			invocation, "org.freedesktop.DBus.Error.AccessDenied",
			"that is for NetworkManager alone");
	else if (strcmp(method, "GetSecrets") != 0)
		/* Nothing is kept, so nothing is forgotten. */
		g_dbus_method_invocation_return_value(invocation, NULL);
	else if (agent->cookie.length == 0 || !is_ours(agent, arguments))
		g_dbus_method_invocation_return_dbus_error(invocation, AGENT_INTERFACE ".NoSecrets",
							   "there is none");
	else
		give(agent, invocation);
}

bool nm_agent_publish(struct nm_agent *agent, GError **error)
{
	static const GDBusInterfaceVTable table = { .method_call = called };
	g_autoptr(GDBusNodeInfo) node = g_dbus_node_info_new_for_xml(description, error);

	if (!node)
		return false;
	agent->object = g_dbus_connection_register_object(
		agent->nm->bus, AGENT_PATH, node->interfaces[0], &table, agent, NULL, error);
	return agent->object != 0;
}

/* The name is the connection's: a user has one agent of each name. */
void nm_agent_register(struct nm_agent *agent, bus_service_done done)
{
	g_autofree char *name = g_strdup_printf("org.devid.connect-%s", agent->uuid);

	bus_service_call(agent->nm, MANAGER_PATH, NM_NAME ".AgentManager", "Register",
			 g_variant_new("(s)", name), NULL, "()", BUS_SERVICE_BOUND_MS, done);
}

void nm_agent_clear(struct nm_agent *agent)
{
	if (agent->object != 0 && agent->nm->bus)
		g_dbus_connection_unregister_object(agent->nm->bus, agent->object);
	agent->object = 0;
	secret_clear(&agent->cookie);
	g_clear_pointer(&agent->uuid, g_free);
	g_clear_pointer(&agent->gateway, g_free);
	g_clear_pointer(&agent->pin, g_free);
	g_clear_pointer(&agent->resolve, g_free);
}
