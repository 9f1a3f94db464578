/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Office: the gateway's address and MAC, as the kernel knows them. Nothing is sent: a gateway that
 * this machine has not spoken with is not known. That of IPv6 is as a rule a link-local address,
 * which every network may have: it is the MAC that tells it.
 */
#include <arpa/inet.h>
#include <string.h>
#include <internal/record.h>
#include "base/conf.h"
#include "office-gateway.h"
#include "office-neighbour.h"

#define TABLE_MAX     (1024 * 1024)
#define ROUTE_UP      0x1
#define ROUTE_GATEWAY 0x2
#define ROUTE_REJECT  0x200 /* these three are the same in IPv6 */
#define ARP_COMPLETE  0x2
#define ARP_ETHERNET  0x1

/* The two protocols: where the kernel tells of their routes, and in which columns. */
static const struct protocol {
	int family;
	const char *file;
	bool headline;
	guint columns, to, via, flags, device;
	guint metric, metric_base;
	guint zeros[2]; /* what is zero of a default route */
} protocols[] = {
	{ AF_INET, "route", true, .columns = 8, .to = 1, .via = 2, .flags = 3, .device = 0,
	  .metric = 6, .metric_base = 10, .zeros = { 1, 7 /* the mask */ } },
	{ AF_INET6, "ipv6_route", false, .columns = 10, .to = 0, .via = 4, .flags = 8, .device = 9,
	  .metric = 5, .metric_base = 16, .zeros = { 1, 3 /* lengths of both prefixes */ } },
};
enum { ARP_ADDRESS, ARP_TYPE, ARP_FLAGS, ARP_MAC, ARP_DEVICE = 5, ARP_COLUMNS };

static const struct protocol *find_protocol(int family)
{
	return &protocols[family == AF_INET6];
}

/* Calls `row` with the cells of each line, but for a headline, until it answers false. */
static void each_row(const char *text, bool headline, guint columns,
		     bool (*row)(char **cells, void *data), void *data)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++) {
		g_auto(GStrv) cells = headline && line == lines ? NULL : conf_split_words(*line);

		if (cells && g_strv_length(cells) >= columns && !row(cells, data))
			return;
	}
}

static bool read_hex(const char *text, guint64 most, guint64 *number)
{
	if (g_str_has_prefix(text, "0x"))
		text += 2;
	return g_ascii_string_to_unsigned(text, 16, 0, most, number, NULL);
}

/* As text; NULL: it is none. */
static char *read_address(const struct protocol *protocol, const char *text)
{
	char words[INET6_ADDRSTRLEN];
	struct in6_addr address;
	guint64 number;

	if (protocol->family == AF_INET6) {
		if (strlen(text) != 2 * sizeof(address) ||
		    !hex_decode(text, strlen(text), address.s6_addr))
			return NULL;
	} else {
		if (!read_hex(text, G_MAXUINT32, &number))
			return NULL;
		/* Printed by the kernel as the bytes lie in memory. */
		memcpy(&address, &(in_addr_t){ (in_addr_t)number }, sizeof(in_addr_t));
	}
	return g_strdup(inet_ntop(protocol->family, &address, words, sizeof(words)));
}

/* What is sought in a table of routes, and found. */
struct route {
	const struct protocol *protocol;
	guint64 metric;
	char *via;    /* NULL: none */
	char *device; /* NULL: none yet */
	bool any;     /* but the loopback's; of has_routes() */
};

static bool take_route(char **cells, void *data)
{
	struct route *best = data;
	const struct protocol *protocol = best->protocol;
	g_autofree char *to = read_address(protocol, cells[protocol->to]);
	g_autofree char *via = read_address(protocol, cells[protocol->via]);
	bool some = cells[protocol->via][strspn(cells[protocol->via], "0")] != '\0';
	guint64 flags, metric, zeros[2];

	if (!to || !via || !read_hex(cells[protocol->flags], G_MAXUINT32, &flags) ||
	    !read_hex(cells[protocol->zeros[0]], G_MAXUINT32, &zeros[0]) ||
	    !read_hex(cells[protocol->zeros[1]], G_MAXUINT32, &zeros[1]) ||
	    !g_ascii_string_to_unsigned(cells[protocol->metric], protocol->metric_base, 0,
					G_MAXUINT32, &metric, NULL))
		return true;
	if (zeros[0] != 0 || zeros[1] != 0 || !(flags & ROUTE_UP) ||
	    (best->device && metric >= best->metric))
		return true;
	/* One that leads nowhere, or without a gateway, is the default all the same. */
	best->metric = metric;
	g_free(best->via);
	best->via = some && flags & ROUTE_GATEWAY && !(flags & ROUTE_REJECT) ? g_steal_pointer(&via)
									     : NULL;
	g_free(best->device);
	best->device = g_strdup(cells[protocol->device]);
	return true;
}

bool office_parse_route(int family, const char *text, char **gateway, char **device)
{
	struct route best = { find_protocol(family) };

	each_row(text, best.protocol->headline, best.protocol->columns, take_route, &best);
	*gateway = best.via;
	*device = best.via ? g_steal_pointer(&best.device) : NULL;
	g_free(best.device);
	return best.via != NULL;
}

struct neighbour {
	const char *address, *device;
	char *mac;
};

static bool take_neighbour(char **cells, void *data)
{
	struct neighbour *wanted = data;
	guint64 type, flags;

	if (strcmp(cells[ARP_ADDRESS], wanted->address) != 0 ||
	    strcmp(cells[ARP_DEVICE], wanted->device) != 0 ||
	    !read_hex(cells[ARP_TYPE], G_MAXUINT16, &type) || type != ARP_ETHERNET ||
	    !read_hex(cells[ARP_FLAGS], G_MAXUINT32, &flags) || !(flags & ARP_COMPLETE))
		return true;
	wanted->mac = g_ascii_strdown(cells[ARP_MAC], -1);
	return false;
}

char *office_parse_arp(const char *text, const char *address, const char *device)
{
	struct neighbour wanted = { address, device, NULL };

	each_row(text, true, ARP_COLUMNS, take_neighbour, &wanted);
	return wanted.mac;
}

/* "" where it can't be read. */
static char *read_table(const char *root, const char *folder, const char *name)
{
	g_autofree char *path = g_strconcat(root, folder, name, NULL);
	char *text = NULL;
	gsize length;

	if (!g_file_get_contents(path, &text, &length, NULL) || length > TABLE_MAX) {
		g_free(text);
		return g_strdup("");
	}
	return text;
}

static bool take_other_than_loopback(char **cells, void *data)
{
	struct route *found = data;

	found->any = strcmp(cells[found->protocol->device], "lo") != 0;
	return !found->any;
}

static bool has_routes(const struct protocol *protocol, const char *text)
{
	struct route found = { protocol };

	each_row(text, protocol->headline, protocol->columns, take_other_than_loopback, &found);
	return found.any;
}

/* What this process sees; but the machine's agent is shut off from the network by its unit, and has
 * no routes: then what process 1 sees is the machine's.
 */
static bool find_gateway(const struct protocol *protocol, const char *root, const char **folder,
			 char **gateway, char **device)
{
	g_autofree char *routes = read_table(root, "/proc/net/", protocol->file);

	*folder = "/proc/net/";
	if (!has_routes(protocol, routes)) {
		*folder = "/proc/1/net/";
		g_free(routes);
		routes = read_table(root, *folder, protocol->file);
	}
	return office_parse_route(protocol->family, routes, gateway, device);
}

/* NULL with *why. */
static char *find_mac(const struct protocol *protocol, const char *root, const char *folder,
		      const char *gateway, const char *device, char **why)
{
	g_autofree char *neighbours = NULL;
	char *mac;

	*why = g_strdup_printf("the MAC of the gateway %s is not known", gateway);
	if (protocol->family == AF_INET) {
		neighbours = read_table(root, folder, "arp");
		return office_parse_arp(neighbours, gateway, device);
	}
	/* There is no table of these that could be read of another's network. */
	mac = strcmp(folder, "/proc/net/") == 0 ? office_ask_neighbour(gateway, device) : NULL;
	if (!mac && strcmp(folder, "/proc/net/") != 0) {
		g_free(*why);
		*why = g_strdup_printf("the MAC of the gateway %s is hidden from this process",
				       gateway);
	}
	return mac;
}

void office_look_gateway(const struct office *office, const char *root,
			 struct office_finding *finding)
{
	const struct protocol *protocol =
		find_protocol(strchr(office->gateway, ':') ? AF_INET6 : AF_INET);
	g_autofree char *gateway = NULL, *device = NULL, *mac = NULL, *why = NULL;
	const char *folder;

	if (!find_gateway(protocol, root, &folder, &gateway, &device)) {
		office_found(finding, DEVID_ANSWER_UNKNOWN, "there is no gateway");
		return;
	}
	if (strcmp(gateway, office->gateway) != 0) {
		office_found(finding, DEVID_ANSWER_FAIL, "the gateway is %s, not %s", gateway,
			     office->gateway);
		return;
	}
	mac = find_mac(protocol, root, folder, gateway, device, &why);
	if (!mac)
		office_found(finding, DEVID_ANSWER_UNKNOWN, "%s", why);
	else if (strcmp(mac, office->mac) != 0)
		office_found(finding, DEVID_ANSWER_FAIL, "the gateway %s has another MAC: %s",
			     gateway, mac);
	else
		office_found(finding, DEVID_ANSWER_PASS, "the gateway is %s with MAC %s", gateway,
			     mac);
}
