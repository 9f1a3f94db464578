/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a criterion of an office found. */
#include <glib.h>
#include "office-finding.h"

void office_found(struct office_finding *finding, enum devid_answer answer, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	finding->answer = answer;
	finding->words = g_strdup_vprintf(format, arguments);
	va_end(arguments);
}
