/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is offered on the system bus, and what is under way: not much at once, and of one user less.
 */
#include <internal/admin.h>

#include "root/serve.h"
#include "job.h"
#include "service.h"

#define ALL_MAX	     16
#define PER_USER_MAX 4

const char admin_description[] =
	"<node><interface name='" ADMIN_INTERFACE "'>"
	"<method name='Run'>"
	"<arg type='s' name='command' direction='in'/>"
	"<arg type='a{ss}' name='options' direction='in'/><arg type='h' name='pipe' direction='in'/>"
	"<arg type='i' name='status' direction='out'/>"
	"<arg type='s' name='output' direction='out'/><arg type='s' name='errors' direction='out'/>"
	"</method>"
	"</interface></node>";

static GPtrArray *jobs(void)
{
	static GPtrArray *all;

	if (!all)
		all = g_ptr_array_new();
	return all;
}

static void over(struct job *job)
{
	g_ptr_array_remove_fast(jobs(), job);
	if (!admin_is_busy())
		serve_idle();
}

static bool too_many(const struct job *job)
{
	const GPtrArray *all = jobs();
	guint count = 0;

	for (guint i = 0; i < all->len; i++)
		count += ((const struct job *)all->pdata[i])->authority.uid == job->authority.uid;
	return count > PER_USER_MAX;
}

void admin_called(GDBusConnection *bus, const char *sender, const char *path, const char *interface,
		  const char *method, GVariant *arguments, GDBusMethodInvocation *invocation,
		  gpointer data)
{
	g_autoptr(GVariant) options = NULL;
	struct job *job;
	const char *command;
	gint32 index;

	if (jobs()->len >= ALL_MAX) {
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
			     .too_many = too_many };
	g_ptr_array_add(jobs(), job);
	job_begin(job, command, options, pipe_take(invocation, index));
}

bool admin_is_busy(void)
{
	return jobs()->len > 0;
}

void admin_stop(void)
{
	for (guint i = jobs()->len; i > 0; i--)
		job_stop(jobs()->pdata[i - 1]);
}
