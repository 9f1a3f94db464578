/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is offered on the system bus, and whose tunnels there are: one for a link to the bus, and
 * not many for a user. */
#include <string.h>
#include <internal/tunnel.h>

#include "root/serve.h"
#include "service.h"
#include "tunnel.h"

#define ALL_MAX	     64
#define PER_USER_MAX 8

const char service_description[] =
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

/* By the unique name of whose each is. */
static GHashTable *tunnels(void)
{
	static GHashTable *all;

	if (!all)
		all = g_hash_table_new(g_str_hash, g_str_equal);
	return all;
}

static void over(struct tunnel *tunnel)
{
	g_hash_table_remove(tunnels(), tunnel->owner);
	if (!service_is_busy())
		serve_idle();
}

static bool too_many(const struct tunnel *tunnel)
{
	GHashTableIter iter;
	gpointer other;
	guint count = 0;

	g_hash_table_iter_init(&iter, tunnels());
	while (g_hash_table_iter_next(&iter, NULL, &other))
		count += ((struct tunnel *)other)->authority.uid == tunnel->authority.uid;
	return count > PER_USER_MAX;
}

static void start(GDBusConnection *bus, const char *sender, GVariant *arguments,
		  GDBusMethodInvocation *invocation)
{
	const char *name, *gateway, *address;
	struct tunnel *tunnel;
	gint32 index;

	if (g_hash_table_contains(tunnels(), sender) || g_hash_table_size(tunnels()) >= ALL_MAX) {
		g_dbus_method_invocation_return_dbus_error(
			invocation, TUNNEL_BUSY, "there is a tunnel for this link, or too many");
		return;
	}
	g_variant_get(arguments, "(&s&s&sh)", &name, &gateway, &address, &index);
	tunnel = g_new0(struct tunnel, 1);
	*tunnel = (struct tunnel){ .bus = g_object_ref(bus),
				   .owner = g_strdup(sender),
				   .authority = { .uid = (uid_t)-1 },
				   .asked = invocation,
				   .cancel = g_cancellable_new(),
				   .address = *address ? g_strdup(address) : NULL,
				   .pipe = { .fd = pipe_take(invocation, index) },
				   .cookie = SECRET_INIT,
				   .over = over,
				   .too_many = too_many };
	g_hash_table_insert(tunnels(), tunnel->owner, tunnel);
	tunnel_begin(tunnel, name, gateway);
}

void service_called(GDBusConnection *bus, const char *sender, const char *path,
		    const char *interface, const char *method, GVariant *arguments,
		    GDBusMethodInvocation *invocation, gpointer data)
{
	struct tunnel *tunnel;

	if (strcmp(method, "Start") == 0) {
		start(bus, sender, arguments, invocation);
		return;
	}
	tunnel = g_hash_table_lookup(tunnels(), sender);
	if (!tunnel) {
		g_dbus_method_invocation_return_dbus_error(invocation, TUNNEL_NOT_FOUND,
							   "this link has no tunnel");
		return;
	}
	g_dbus_method_invocation_return_value(invocation, NULL);
	tunnel_stop(tunnel);
}

bool service_is_busy(void)
{
	return g_hash_table_size(tunnels()) > 0;
}

void service_stop(void)
{
	g_autoptr(GList) all = g_hash_table_get_values(tunnels());

	for (GList *at = all; at; at = at->next)
		tunnel_stop(at->data);
}
