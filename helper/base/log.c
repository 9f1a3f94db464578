/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a service says. */
#include <string.h>
#include <glib.h>

#include "log.h"
#include "text.h"

static GLogWriterOutput write_named(GLogLevelFlags level, const GLogField *fields, gsize count,
				    gpointer name)
{
	g_autofree GLogField *named = g_new(GLogField, count + 1);
	g_autofree char *message = NULL;

	for (gsize i = 0; i < count; i++) {
		named[i] = fields[i];
		if (!strcmp(named[i].key, "MESSAGE") && named[i].length < 0) {
			g_free(message);
			message = text_printable(named[i].value);
			named[i].value = message;
		}
	}
	named[count] = (GLogField){ "SYSLOG_IDENTIFIER", name, -1 };
	return g_log_writer_default(level, named, count + 1, NULL);
}

void log_begin(const char *name)
{
	g_log_set_writer_func(write_named, (gpointer)name, NULL);
}
