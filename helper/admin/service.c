/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is offered on the system bus, and what is under way: not much at once, and of one user less.
 */
#include <internal/admin.h>

#include "job.h"
#include "service.h"

#define ALL_MAX	     16
#define PER_USER_MAX 4

struct service {
	GPtrArray *jobs; /* struct job */
	GDBusConnection *bus;
	guint object;
	void (*idle)(void *data);
	void *data;
};

static const char description[] =
	"<node><interface name='" ADMIN_INTERFACE "'>"
	"<method name='Run'>"
	"<arg type='s' name='command' direction='in'/>"
	"<arg type='a{ss}' name='options' direction='in'/><arg type='h' name='pipe' direction='in'/>"
	"<arg type='i' name='status' direction='out'/>"
	"<arg type='s' name='output' direction='out'/><arg type='s' name='errors' direction='out'/>"
	"</method>"
	"</interface></node>";

static void over(struct job *job, void *data)
{
	struct service *service = data;

	g_ptr_array_remove_fast(service->jobs, job);
	if (!admin_is_busy(service))
		service->idle(service->data);
}

static bool too_many(const struct job *job, void *data)
{
	const struct service *service = data;
	guint count = 0;

	for (guint i = 0; i < service->jobs->len; i++)
		count += ((const struct job *)service->jobs->pdata[i])->authority.uid ==
			 job->authority.uid;
	return count > PER_USER_MAX;
}

static void called(GDBusConnection *bus, const char *sender, const char *path,
		   const char *interface, const char *method, GVariant *arguments,
		   GDBusMethodInvocation *invocation, gpointer data)
{
	g_autoptr(GVariant) options = NULL;
	struct service *service = data;
	struct job *job;
	const char *command;
	gint32 index;

	if (service->jobs->len >= ALL_MAX) {
		g_dbus_method_invocation_return_dbus_error(invocation, ADMIN_BUSY,
							   "too much is under way");
		return;
	}
	g_variant_get(arguments, "(&s@a{ss}h)", &command, &options, &index);
	job = g_new0(struct job, 1);
	*job = (struct job){ .asked = invocation,
			     .input = SECRET_INIT,
			     .output = SECRET_INIT,
			     .over = over,
			     .too_many = too_many,
			     .data = service };
	g_ptr_array_add(service->jobs, job);
	job_begin(job, command, options, pipe_take(invocation, index));
}

void *admin_new(GDBusConnection *bus, void (*idle)(void *data), void *data, GError **error)
{
	static const GDBusInterfaceVTable table = { .method_call = called };
	g_autoptr(GDBusNodeInfo) node = g_dbus_node_info_new_for_xml(description, error);
	struct service *service;

	if (!node)
		return NULL;
	service = g_new0(struct service, 1);
	service->bus = g_object_ref(bus);
	service->jobs = g_ptr_array_new();
	service->idle = idle;
	service->data = data;
	service->object = g_dbus_connection_register_object(bus, ADMIN_PATH, node->interfaces[0],
							    &table, service, NULL, error);
	if (service->object != 0)
		return service;
	admin_free(service);
	return NULL;
}

bool admin_is_busy(const void *data)
{
	const struct service *service = data;

	return service->jobs->len > 0;
}

void admin_stop(void *data)
{
	struct service *service = data;

	for (guint i = service->jobs->len; i > 0; i--)
		job_stop(service->jobs->pdata[i - 1]);
}

void admin_free(void *data)
{
	struct service *service = data;

	if (service->object != 0)
		g_dbus_connection_unregister_object(service->bus, service->object);
	g_ptr_array_unref(service->jobs);
	g_object_unref(service->bus);
	g_free(service);
}
