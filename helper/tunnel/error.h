/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors by their names on the bus. */
#pragma once

#include <glib.h>

/* `name`: TUNNEL_* of internal/tunnel.h. */
GError *tunnel_error(const char *name, const char *format, ...) G_GNUC_PRINTF(2, 3);
