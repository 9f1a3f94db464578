/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a program of root's gives up before it listens, and so what it runs has: the unit does more
 * where systemd runs. */
#pragma once

#include <stdbool.h>
#include <glib.h>

/* An environment of our own, no capability but those (bits, as 1u << CAP_CHOWN; below 32), no new
 * privileges, no core dumps. */
bool harden(guint32 kept, GError **error);
