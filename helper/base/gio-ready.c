/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Classes of GIO's made ready before several threads use them: see gio-ready.h. */
#include <gio/gio.h>
#include <gio/gunixconnection.h>
#include <gio/gunixsocketaddress.h>
#include "gio-ready.h"

static gpointer ready(gpointer data)
{
	const GType types[] = {
		G_TYPE_TASK,
		G_TYPE_CANCELLABLE,
		G_TYPE_INET_ADDRESS,
		G_TYPE_INET_SOCKET_ADDRESS,
		G_TYPE_UNIX_SOCKET_ADDRESS,
		G_TYPE_NETWORK_ADDRESS,
		G_TYPE_SOCKET,
		G_TYPE_SOCKET_CLIENT,
		G_TYPE_TCP_CONNECTION,
		G_TYPE_UNIX_CONNECTION,
		G_TYPE_DBUS_CONNECTION,
	};

	/* Never unreferenced: a class without instances may go again. */
	for (gsize i = 0; i < G_N_ELEMENTS(types); i++)
		(void)g_type_class_ref(types[i]);
	g_object_unref(g_resolver_get_default());
	return NULL;
}

void gio_ready(void)
{
	static GOnce once = G_ONCE_INIT;

	g_once(&once, ready, NULL);
}
