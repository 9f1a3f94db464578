/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DeviceCertificate= and ClientVersion=: what devid knows of itself. */
#include <string.h>
#include <devid/reason.h>
#include "config.h"
#include "posture-table.h"
#include "posture-version.h"

char *posture_certificate_accept(const char *value)
{
	return strcmp(value, "yes") == 0
		       ? NULL
		       : g_strdup("is not yes: leave the key out where none is asked for");
}

enum devid_answer posture_certificate_run(char **words, const struct posture_place *place,
					  char **message)
{
	const struct devid_verdict *verdict = place->verdict;

	if (verdict && verdict->result == DEVID_OK) {
		*message = g_strdup("the account accepts the device certificate");
		return DEVID_ANSWER_PASS;
	}
	*message =
		g_strdup(verdict && verdict->message ? verdict->message
						     : devid_reason_find("no-certificate")->cause);
	return DEVID_ANSWER_FAIL;
}

char *posture_client_accept(const char *value)
{
	return posture_version_is_sound(value) ? NULL : g_strdup("is no version");
}

enum devid_answer posture_client_run(char **words, const struct posture_place *place,
				     char **message)
{
	*message = g_strdup("this is devid " DEVID_VERSION);
	return posture_version_reaches(DEVID_VERSION, *words) ? DEVID_ANSWER_PASS
							      : DEVID_ANSWER_FAIL;
}
