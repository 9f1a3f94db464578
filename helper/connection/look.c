/* What can be seen of a tunnel from outside, without root: its address on an interface, and whether the client's
 * script still works on it.
 */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include "look.h"

#define DEPTH_MAX 8

static bool is_address(const struct sockaddr *address, const char *text)
{
	char name[INET6_ADDRSTRLEN] = "";

	if (address && address->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr,
			  name, sizeof(name));
	else if (address && address->sa_family == AF_INET6)
		inet_ntop(AF_INET6,
			  &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, name,
			  sizeof(name));
	return strcmp(name, text) == 0;
}

bool look_address_is_here(const char *address)
{
	struct ifaddrs *all = NULL;
	bool here = false;

	if (getifaddrs(&all) < 0)
		return false;
	for (const struct ifaddrs *one = all; one && !here; one = one->ifa_next)
		here = is_address(one->ifa_addr, address);
	freeifaddrs(all);
	return here;
}

static char *proc_text(int pid, const char *file)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/task/%d/%s", pid, pid, file);
	char *text = NULL;

	return g_file_get_contents(path, &text, NULL, NULL) ? text : NULL;
}

/* Among a process and those below it. */
static bool is_busy(int pid, const char *name, int depth)
{
	g_autofree char *comm = proc_text(pid, "comm");
	g_autofree char *children = proc_text(pid, "children");
	g_auto(GStrv) pids = NULL;

	if (!comm || !children || depth > DEPTH_MAX)
		return false;
	if (strcmp(g_strchomp(comm), name) == 0)
		return *g_strstrip(children) != '\0';
	pids = g_strsplit(children, " ", -1);
	for (char **child = pids; *child != NULL; child++)
		if (**child != '\0' && is_busy(atoi(*child), name, depth + 1))
			return true;
	return false;
}

bool look_is_busy(GPid pid, const char *name)
{
	return is_busy(pid, name, 0);
}
