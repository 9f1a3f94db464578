/* DeviceCertificate= and ClientVersion=: what devid knows of itself. */
#include <string.h>
#include "posture-private.h"

char *certificate_accept(const char *value)
{
	return strcmp(value, "yes") == 0
		       ? NULL
		       : g_strdup("is not yes: leave the key out where none is asked for");
}

char *client_accept(const char *value)
{
	return version_is_sound(value) ? NULL : g_strdup("is no version");
}
