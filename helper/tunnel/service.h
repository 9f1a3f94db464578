/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What devid-tunnel offers on the system bus: Start() and Stop(), include/internal/tunnel.h. */
#pragma once

#include <stdbool.h>
#include <gio/gio.h>

/* On that bus; `idle` is called when the last tunnel has ended, and after a call that began
 * none. */
void *service_new(GDBusConnection *bus, void (*idle)(void *data), void *data, GError **error);
bool service_is_busy(const void *data);
/* Begins the end of every tunnel. */
void service_stop(void *data);
void service_free(void *data);
