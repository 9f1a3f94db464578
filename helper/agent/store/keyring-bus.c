/* Which session bus: the one that the environment names, or the one that lies ready at its usual
 * place. Never one that is started for the purpose: a daemon of root's, or of a service's, would be
 * left behind, and nobody's keyring is on it.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "helper/account/error.h"
#include "keyring-private.h"

static gboolean is_usable(const char *address)
{
	return address && *address && !strstr(address, "autolaunch:") &&
	       !strstr(address, "unixexec:") && g_dbus_is_supported_address(address, NULL);
}

static char *usual_address(void)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	g_autofree char *path = NULL;
	g_autofree char *escaped = NULL;
	struct stat status;

	if (!runtime || runtime[0] != '/')
		return NULL;
	path = g_build_filename(runtime, "bus", NULL);
	if (lstat(path, &status) != 0 || !S_ISSOCK(status.st_mode) || status.st_uid != geteuid())
		return NULL;
	escaped = g_dbus_address_escape_value(path);
	return g_strconcat("unix:path=", escaped, NULL);
}

char *keyring_bus_address(GError **error)
{
	const char *named = getenv("DBUS_SESSION_BUS_ADDRESS");
	char *address = NULL;

	if (named && *named)
		address = is_usable(named) ? g_strdup(named) : NULL;
	else
		address = usual_address();
	if (!address)
		devid_error_set(error, DEVID_STORE_MISSING, NULL, NULL,
				"keyring: there is no session bus to reach it by");
	return address;
}
