/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is offered on the system bus, and whose tunnels there are: one for a link to the bus, and
 * not many for a user. */
#include <string.h>
#include <internal/tunnel.h>

#include "service.h"
#include "tunnel.h"

#define ALL_MAX	     64
#define PER_USER_MAX 8

struct service {
	GDBusConnection *bus;
	GHashTable *tunnels; /* by the unique name of whose it is */
	guint object;
	void (*idle)(void *data);
	void *data;
};

static const char description[] =
	"<node><interface name='" TUNNEL_INTERFACE "'>"
	"<method name='Start'>"
	"<arg type='s' name='name' direction='in'/><arg type='s' name='gateway' direction='in'/>"
	"<arg type='s' name='address' direction='in'/><arg type='h' name='cookie' direction='in'/>"
	"</method>"
	"<method name='Stop'/>"
	"<signal name='Line'><arg type='s'/></signal>"
	"<signal name='Connected'><arg type='s' name='address'/></signal>"
	"<signal name='Ended'><arg type='i' name='status'/></signal>"
	"</interface></node>";

/* There is one service a process: a tunnel knows none. */
static struct service *the_service;

static void over(struct tunnel *tunnel)
{
	struct service *service = the_service;

	g_hash_table_remove(service->tunnels, tunnel->owner);
	if (!service_is_busy(service))
		service->idle(service->data);
}

static bool too_many(const struct tunnel *tunnel)
{
	GHashTableIter iter;
	gpointer other;
	guint count = 0;

	g_hash_table_iter_init(&iter, the_service->tunnels);
	while (g_hash_table_iter_next(&iter, NULL, &other))
		count += ((struct tunnel *)other)->authority.uid == tunnel->authority.uid;
	return count > PER_USER_MAX;
}

static void start(struct service *service, const char *sender, GVariant *arguments,
		  GDBusMethodInvocation *invocation)
{
	const char *name, *gateway, *address;
	struct tunnel *tunnel;
	gint32 index;

	if (g_hash_table_contains(service->tunnels, sender) ||
	    g_hash_table_size(service->tunnels) >= ALL_MAX) {
		g_dbus_method_invocation_return_dbus_error(
			invocation, TUNNEL_BUSY, "there is a tunnel for this link, or too many");
		return;
	}
	g_variant_get(arguments, "(&s&s&sh)", &name, &gateway, &address, &index);
	tunnel = g_new0(struct tunnel, 1);
	*tunnel = (struct tunnel){ .bus = g_object_ref(service->bus),
				   .owner = g_strdup(sender),
				   .authority = { .uid = (uid_t)-1 },
				   .asked = invocation,
				   .cancel = g_cancellable_new(),
				   .address = *address ? g_strdup(address) : NULL,
				   .pipe = { .fd = pipe_take(invocation, index) },
				   .cookie = SECRET_INIT,
				   .over = over,
				   .too_many = too_many };
	g_hash_table_insert(service->tunnels, tunnel->owner, tunnel);
	tunnel_begin(tunnel, name, gateway);
}

static void called(GDBusConnection *bus, const char *sender, const char *path,
		   const char *interface, const char *method, GVariant *arguments,
		   GDBusMethodInvocation *invocation, gpointer data)
{
	struct service *service = data;
	struct tunnel *tunnel;

	if (strcmp(method, "Start") == 0) {
		start(service, sender, arguments, invocation);
		return;
	}
	tunnel = g_hash_table_lookup(service->tunnels, sender);
	if (!tunnel) {
		g_dbus_method_invocation_return_dbus_error(invocation, TUNNEL_NOT_FOUND,
							   "this link has no tunnel");
		return;
	}
	g_dbus_method_invocation_return_value(invocation, NULL);
	tunnel_stop(tunnel);
}

void *service_new(GDBusConnection *bus, void (*idle)(void *data), void *data, GError **error)
{
	static const GDBusInterfaceVTable table = { .method_call = called };
	g_autoptr(GDBusNodeInfo) node = g_dbus_node_info_new_for_xml(description, error);
	struct service *service;

	if (!node)
		return NULL;
	service = g_new0(struct service, 1);
	service->bus = g_object_ref(bus);
	service->tunnels = g_hash_table_new(g_str_hash, g_str_equal);
	service->idle = idle;
	service->data = data;
	the_service = service;
	service->object = g_dbus_connection_register_object(bus, TUNNEL_PATH, node->interfaces[0],
							    &table, service, NULL, error);
	if (service->object != 0)
		return service;
	service_free(service);
	return NULL;
}

bool service_is_busy(const void *data)
{
	const struct service *service = data;

	return g_hash_table_size(service->tunnels) > 0;
}

void service_stop(void *data)
{
	struct service *service = data;
	g_autoptr(GList) all = g_hash_table_get_values(service->tunnels);

	for (GList *at = all; at; at = at->next)
		tunnel_stop(at->data);
}

void service_free(void *data)
{
	struct service *service = data;

	if (service->object != 0)
		g_dbus_connection_unregister_object(service->bus, service->object);
	g_hash_table_unref(service->tunnels);
	g_object_unref(service->bus);
	g_free(service);
	the_service = NULL;
}
