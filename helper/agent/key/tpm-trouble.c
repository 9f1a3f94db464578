/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What went wrong, for a person: see tpm-trouble.h. */
#include <stdarg.h>
#include "tpm-trouble.h"

bool tpm_trouble(struct tpm_trouble *trouble, enum devid_result result, const char *reason,
		 const char *format, ...)
{
	va_list arguments;

	if (!trouble)
		return false;
	trouble->result = result;
	trouble->reason = reason;
	va_start(arguments, format);
	g_vsnprintf(trouble->words, sizeof(trouble->words), format, arguments);
	va_end(arguments);
	return false;
}
