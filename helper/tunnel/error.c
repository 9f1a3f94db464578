/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors by their names on the bus. */
#include <stdarg.h>
#include <glib.h>
#include "error.h"

static GQuark fault_quark(void)
{
	return g_quark_from_static_string("devid-tunnel");
}

/* The domain's codes are quarks of the names on the bus. */
GError *tunnel_error(const char *name, const char *format, ...)
{
	GError *error;
	va_list arguments;

	va_start(arguments, format);
	error = g_error_new_valist(fault_quark(), (gint)g_quark_from_string(name), format,
				   arguments);
	va_end(arguments);
	return error;
}
