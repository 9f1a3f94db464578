/* DiskEncryption=: whether file systems lie on dm-crypt. */
#include <string.h>
#include "posture-private.h"

static char *accept_one(const char *text)
{
	if (strcmp(text, "root") == 0 || strcmp(text, "home") == 0)
		return NULL;
	return g_strdup_printf("has \"%s\", which is none of: root, home", text);
}

char *disk_accept(const char *value)
{
	return posture_accept_each(value, accept_one);
}
