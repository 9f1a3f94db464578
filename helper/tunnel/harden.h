/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What devid-tunnel gives up before it listens, and so what openconnect has: the unit does more
 * where systemd runs. */
#pragma once

#include <stdbool.h>
#include <glib.h>

/* An environment of our own, no capability but that over the network, no new privileges, no core
 * dumps. */
bool harden(GError **error);
