/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What devid-admin offers on the system bus: Run(), include/internal/admin.h. */
#pragma once

#include <stdbool.h>
#include <gio/gio.h>

extern const char admin_description[];
void admin_called(GDBusConnection *bus, const char *sender, const char *path, const char *interface,
		  const char *method, GVariant *arguments, GDBusMethodInvocation *invocation,
		  gpointer data);
bool admin_is_busy(void);
void admin_stop(void);
