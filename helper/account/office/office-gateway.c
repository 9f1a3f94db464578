/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Office: the gateway's address and MAC, as the kernel knows them. Nothing is sent: a gateway that
 * this machine has not spoken with is not known. That of IPv6 is as a rule a link-local address,
 * which every network may have: it is the MAC that tells it.
 */
#include <arpa/inet.h>
#include <string.h>
#include "base/conf.h"
#include "office-finding.h"
#include "office-gateway.h"
#include "office-neighbour.h"

#define TABLE_MAX     (1024 * 1024)
#define ROUTE_UP      0x1
#define ROUTE_GATEWAY 0x2
#define ROUTE_REJECT  0x200 /* these three are the same in IPv6 */
#define ARP_COMPLETE  0x2
#define ARP_ETHERNET  0x1

/* Columns of the two tables. */
enum {
	ROUTE_DEVICE,
	ROUTE_TO,
	ROUTE_VIA,
	ROUTE_FLAGS,
	ROUTE_METRIC = 6,
	ROUTE_MASK,
	ROUTE_COLUMNS
};
enum {
	ROUTE6_TO,
	ROUTE6_LENGTH,
	ROUTE6_FROM_LENGTH = 3,
	ROUTE6_VIA,
	ROUTE6_METRIC,
	ROUTE6_FLAGS = 8,
	ROUTE6_DEVICE,
	ROUTE6_COLUMNS
};
enum { ARP_ADDRESS, ARP_TYPE, ARP_FLAGS, ARP_MAC, ARP_DEVICE = 5, ARP_COLUMNS };

/* Calls `row` with the cells of each line, but for a headline, until it answers FALSE. */
static void each_row(const char *text, gboolean headline, guint columns,
		     gboolean (*row)(char **cells, void *data), void *data)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++) {
		g_auto(GStrv) cells = headline && line == lines ? NULL : conf_split_words(*line);

		if (cells && g_strv_length(cells) >= columns && !row(cells, data))
			return;
	}
}

static gboolean read_hex(const char *text, guint64 most, guint64 *number)
{
	if (g_str_has_prefix(text, "0x"))
		text += 2;
	return g_ascii_string_to_unsigned(text, 16, 0, most, number, NULL);
}

struct route {
	guint64 metric, via;
	char *device; /* NULL: none yet */
};

static gboolean take_route(char **cells, void *data)
{
	struct route *best = data;
	guint64 to, via, flags, metric, mask;

	if (!read_hex(cells[ROUTE_TO], G_MAXUINT32, &to) ||
	    !read_hex(cells[ROUTE_VIA], G_MAXUINT32, &via) ||
	    !read_hex(cells[ROUTE_FLAGS], G_MAXUINT32, &flags) ||
	    !read_hex(cells[ROUTE_MASK], G_MAXUINT32, &mask) ||
	    !g_ascii_string_to_unsigned(cells[ROUTE_METRIC], 10, 0, G_MAXUINT32, &metric, NULL))
		return TRUE;
	if (to != 0 || mask != 0 || !(flags & ROUTE_UP) || (best->device && metric >= best->metric))
		return TRUE;
	/* One that leads nowhere, or without a gateway, is the default all the same. */
	best->metric = metric;
	best->via = flags & ROUTE_GATEWAY && !(flags & ROUTE_REJECT) ? via : 0;
	g_free(best->device);
	best->device = g_strdup(cells[ROUTE_DEVICE]);
	return TRUE;
}

gboolean office_parse_route(const char *text, char **gateway, char **device)
{
	struct route best = { 0 };
	char address[INET_ADDRSTRLEN];
	struct in_addr via;

	each_row(text, TRUE, ROUTE_COLUMNS, take_route, &best);
	if (best.via == 0) {
		g_free(best.device);
		return FALSE;
	}
	via.s_addr = (in_addr_t)best.via; /* printed by the kernel as the bytes lie in memory */
	*gateway = g_strdup(inet_ntop(AF_INET, &via, address, sizeof(address)));
	*device = best.device;
	return TRUE;
}

struct route6 {
	guint64 metric;
	struct in6_addr via; /* all zero: none */
	char *device;	     /* NULL: none yet */
};

static gboolean read_address6(const char *text, struct in6_addr *address)
{
	for (gsize i = 0; i < sizeof(address->s6_addr); i++) {
		int high = g_ascii_xdigit_value(text[2 * i]);
		int low = high < 0 ? -1 : g_ascii_xdigit_value(text[2 * i + 1]);

		if (low < 0)
			return FALSE;
		address->s6_addr[i] = (guint8)(high << 4 | low);
	}
	return text[2 * sizeof(address->s6_addr)] == '\0';
}

static gboolean take_route6(char **cells, void *data)
{
	struct route6 *best = data;
	struct in6_addr to, via;
	guint64 length, from_length, flags, metric;

	if (!read_address6(cells[ROUTE6_TO], &to) || !read_address6(cells[ROUTE6_VIA], &via) ||
	    !read_hex(cells[ROUTE6_LENGTH], 128, &length) ||
	    !read_hex(cells[ROUTE6_FROM_LENGTH], 128, &from_length) ||
	    !read_hex(cells[ROUTE6_METRIC], G_MAXUINT32, &metric) ||
	    !read_hex(cells[ROUTE6_FLAGS], G_MAXUINT32, &flags))
		return TRUE;
	if (length != 0 || from_length != 0 || !(flags & ROUTE_UP) ||
	    (best->device && metric >= best->metric))
		return TRUE;
	best->metric = metric;
	best->via = flags & ROUTE_GATEWAY && !(flags & ROUTE_REJECT) ? via : in6addr_any;
	g_free(best->device);
	best->device = g_strdup(cells[ROUTE6_DEVICE]);
	return TRUE;
}

gboolean office_parse_route6(const char *text, char **gateway, char **device)
{
	struct route6 best = { 0 };
	char address[INET6_ADDRSTRLEN];

	each_row(text, FALSE, ROUTE6_COLUMNS, take_route6, &best);
	if (IN6_IS_ADDR_UNSPECIFIED(&best.via)) {
		g_free(best.device);
		return FALSE;
	}
	*gateway = g_strdup(inet_ntop(AF_INET6, &best.via, address, sizeof(address)));
	*device = best.device;
	return TRUE;
}

struct neighbour {
	const char *address, *device;
	char *mac;
};

static gboolean take_neighbour(char **cells, void *data)
{
	struct neighbour *wanted = data;
	guint64 type, flags;

	if (strcmp(cells[ARP_ADDRESS], wanted->address) != 0 ||
	    strcmp(cells[ARP_DEVICE], wanted->device) != 0 ||
	    !read_hex(cells[ARP_TYPE], G_MAXUINT16, &type) || type != ARP_ETHERNET ||
	    !read_hex(cells[ARP_FLAGS], G_MAXUINT32, &flags) || !(flags & ARP_COMPLETE))
		return TRUE;
	wanted->mac = g_ascii_strdown(cells[ARP_MAC], -1);
	return FALSE;
}

char *office_parse_arp(const char *text, const char *address, const char *device)
{
	struct neighbour wanted = { address, device, NULL };

	each_row(text, TRUE, ARP_COLUMNS, take_neighbour, &wanted);
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

static gboolean has_routes4(const char *text)
{
	const char *rows = strchr(text, '\n');

	return rows && rows[1];
}

static gboolean take_other_than_loopback(char **cells, void *data)
{
	gboolean *found = data;

	*found = strcmp(cells[ROUTE6_DEVICE], "lo") != 0;
	return !*found;
}

static gboolean has_routes6(const char *text)
{
	gboolean found = FALSE;

	each_row(text, FALSE, ROUTE6_COLUMNS, take_other_than_loopback, &found);
	return found;
}

/* The two protocols: where the kernel tells of their routes, and how. */
static const struct protocol {
	const char *file;
	gboolean (*parse)(const char *text, char **gateway, char **device);
	gboolean (*has_routes)(const char *text);
} protocol4 = { "route", office_parse_route, has_routes4 },
  protocol6 = { "ipv6_route", office_parse_route6, has_routes6 };

/* What this process sees; but the machine's agent is shut off from the network by its unit, and has
 * no routes: then what process 1 sees is the machine's.
 */
static gboolean find_gateway(const struct protocol *protocol, const char *root, const char **folder,
			     char **gateway, char **device)
{
	g_autofree char *routes = read_table(root, "/proc/net/", protocol->file);

	*folder = "/proc/net/";
	if (!protocol->has_routes(routes)) {
		*folder = "/proc/1/net/";
		g_free(routes);
		routes = read_table(root, *folder, protocol->file);
	}
	return protocol->parse(routes, gateway, device);
}

/* NULL with *why. */
static char *find_mac(const struct protocol *protocol, const char *root, const char *folder,
		      const char *gateway, const char *device, char **why)
{
	g_autofree char *neighbours = NULL;
	char *mac;

	*why = g_strdup_printf("the MAC of the gateway %s is not known", gateway);
	if (protocol == &protocol4) {
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
	const struct protocol *protocol = strchr(office->gateway, ':') ? &protocol6 : &protocol4;
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
