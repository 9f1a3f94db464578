/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What this room has to tell somebody, or to ask. */
#include <stdarg.h>

#include "base/error.h"
#include "front.h"

static const struct front nobody;
static const struct front *current = &nobody;

void front_set(const struct front *front)
{
	current = front;
}

static void tell(void (*teller)(const char *text), const char *format, va_list arguments)
{
	g_autofree char *text = NULL;

	if (!teller)
		return;
	text = g_strdup_vprintf(format, arguments);
	teller(text);
}

void front_warn(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	tell(current->warn, format, arguments);
	va_end(arguments);
}

void front_hint(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	tell(current->hint, format, arguments);
	va_end(arguments);
}

void front_waiting(void)
{
	if (current->waiting)
		current->waiting();
}

bool front_pin(const char *file, const char *prompt, struct secret *pin, GError **error)
{
	if (current->pin)
		return current->pin(file, prompt, pin, error);
	return devid_error_set(error, DEVID_USAGE, NULL, NULL, "%s: nobody is here to be asked",
			       prompt);
}
