/* OperatingSystem=: what os-release says (os-release(5)). */
#include <string.h>
#include "posture-private.h"

/* "debian" or "debian>=12" */
static char *accept_one(const char *text)
{
	AUTO_WANTED struct wanted wanted = { NULL };
	char *why = wanted_parse(&wanted, text);

	if (why)
		return why;
	if (!*wanted.name ||
	    wanted.name[strspn(wanted.name, "0123456789abcdefghijklmnopqrstuvwxyz._-")])
		return g_strdup_printf("has \"%s\", which is no system's ID as in os-release",
				       wanted.name);
	return NULL;
}

char *os_accept(const char *value)
{
	return posture_accept_each(value, accept_one);
}
