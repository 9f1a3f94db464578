/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a connection that dropped is made again, and when. */
#include <string.h>

#include "base/error.h"
#include "retry.h"

/* Seconds before each try. All in all four minutes and a half. */
static const guint pauses[] = { 1, 2, 4, 8, 15, 30, 30, 30, 30, 30, 30, 30, 30 };

/* Whether another try may help. */
static bool may_pass(const GError *error)
{
	/* "client-missing": it was there, so it is being restarted. */
	static const char *const words[] = { "gateway-unreachable", "gateway-closed",
					     "session-ended",	    "client-failed",
					     "client-missing",	    "timeout" };

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		if (strcmp(devid_error_reason(error), words[i]) == 0)
			return true;
	return false;
}

guint retry_after(guint tries, const GError *error)
{
	return tries < G_N_ELEMENTS(pauses) && may_pass(error) ? pauses[tries] : 0;
}
