/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The half of openconnect that root runs: its words, and when its tunnel stands. devid-tunnel runs
 * it for users. */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "openconnect.h"
#include "process.h"

#define CLIENT	   VPN_OPENCONNECT
#define CONFIGURED "Configured as "
/* Its script sets up interface and routes after that. */
#define LOOK_MS	  10
#define LOOKS_MAX (30 * 1000 / LOOK_MS)
#define DEPTH_MAX 8

GPtrArray *openconnect_argv(const struct connection *connection)
{
	GPtrArray *argv = process_argv(CLIENT);

	g_ptr_array_add(argv,
			g_strdup_printf("--protocol=%s", connection->protocol ? connection->protocol
									      : "anyconnect"));
	return argv;
}

void openconnect_add_trust(GPtrArray *argv, const struct connection *connection)
{
	/* It takes a gateway that either one speaks for: the pin is to be the one. */
	if (connection->server_pin)
		g_ptr_array_add(argv, g_strdup_printf("--servercert=%s", connection->server_pin));
	else if (connection->ca_file)
		g_ptr_array_add(argv, g_strdup_printf("--cafile=%s", connection->ca_file));
}

void openconnect_add_tunnel(GPtrArray *argv)
{
	/* A dropped connection is checked before it is made again: by us. */
	process_add(argv, "--cookie-on-stdin", "--non-inter", "--reconnect-timeout=0", NULL);
}

GPtrArray *openconnect_machine_argv(const struct connection *connection, const char *gateway,
				    const char *address)
{
	GPtrArray *argv = openconnect_argv(connection);

	openconnect_add_tunnel(argv);
	openconnect_add_trust(argv, connection);
	if (address) {
		g_autofree char *host = g_strndup(gateway, strrchr(gateway, ':') - gateway);

		g_ptr_array_add(argv, g_strdup_printf("--resolve=%s:%s", host, address));
	}
	process_add_all(argv, connection->arguments);
	g_ptr_array_add(argv, g_strdup_printf("https://%s", gateway));
	g_ptr_array_add(argv, NULL);
	return argv;
}

/* --- when it stands, as it can be seen from outside, without root */

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

static bool is_here(const char *address)
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

/* Whether a program of that name, `pid` or one below it, has children: its script. What can't be
 * seen isn't. */
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

static gboolean look(gpointer data)
{
	struct openconnect_settling *settling = data;

	if (settling->looks++ < LOOKS_MAX &&
	    (!is_here(settling->address) || is_busy(settling->pid, CLIENT, 0)))
		return G_SOURCE_CONTINUE;
	settling->timer = 0;
	settling->settled(settling->address, settling->data);
	return G_SOURCE_REMOVE;
}

void openconnect_settle(struct openconnect_settling *settling, const char *line)
{
	const char *address = strstr(line, CONFIGURED);

	if (!address || settling->address)
		return;
	address += strlen(CONFIGURED);
	settling->address = g_strndup(address, strcspn(address, ", "));
	settling->timer = g_timeout_add(LOOK_MS, look, settling);
}

void openconnect_settle_end(struct openconnect_settling *settling)
{
	if (settling->timer != 0)
		g_source_remove(settling->timer);
	settling->timer = 0;
	g_clear_pointer(&settling->address, g_free);
}
