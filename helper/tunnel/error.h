/* Errors by their names on the bus. */
#ifndef TUNNEL_ERROR_H
#define TUNNEL_ERROR_H

#include <glib.h>

/* `name`: TUNNEL_* of internal/tunnel.h. */
GError *tunnel_error(const char *name, const char *format, ...) G_GNUC_PRINTF(2, 3);

#endif
