/* Packages that are installed, and their versions. */
#include <string.h>
#include "posture-private.h"

#define PACKAGE_NAME_MAX 128

gboolean package_name_is_sound(const char *name)
{
	return g_ascii_isalnum(*name) && strlen(name) <= PACKAGE_NAME_MAX &&
	       name[strspn(name, "0123456789abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ.+-_")] == '\0';
}
