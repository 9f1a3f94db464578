/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What devid-tunnel offers on the system bus: Start() and Stop(), include/internal/tunnel.h. */
#pragma once

#include <stdbool.h>
#include <gio/gio.h>

extern const char service_description[];
void service_called(GDBusConnection *bus, const char *sender, const char *path,
		    const char *interface, const char *method, GVariant *arguments,
		    GDBusMethodInvocation *invocation, gpointer data);
bool service_is_busy(void);
/* Begins the end of every tunnel. */
void service_stop(void);
