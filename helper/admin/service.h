/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What devid-admin offers on the system bus: Run(), include/internal/admin.h. */
#pragma once

#include <stdbool.h>
#include <gio/gio.h>

/* On that bus; `idle` is called when nothing is under way any more. */
void *admin_new(GDBusConnection *bus, void (*idle)(void *data), void *data, GError **error);
bool admin_is_busy(const void *data);
void admin_stop(void *data);
void admin_free(void *data);
