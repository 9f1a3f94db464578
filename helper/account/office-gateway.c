/* Office: the gateway's address and MAC, as the kernel knows them. Nothing is sent: a gateway that this
 * machine has not spoken with is not known. IPv4 alone: an IPv6 gateway is known by a link-local address,
 * which every network may have.
 */
#include <arpa/inet.h>
#include <string.h>
#include "office-private.h"

#define TABLE_MAX     (1024 * 1024)
#define ROUTE_UP      0x1
#define ROUTE_GATEWAY 0x2
#define ROUTE_REJECT  0x200
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
enum { ARP_ADDRESS, ARP_TYPE, ARP_FLAGS, ARP_MAC, ARP_DEVICE = 5, ARP_COLUMNS };

/* Calls `row` with the cells of each line but the first, until it answers FALSE. */
static void each_row(const char *text, guint columns, gboolean (*row)(char **cells, void *data),
		     void *data)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++) {
		g_auto(GStrv) cells = line == lines ? NULL : conf_split_words(*line);

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

	each_row(text, ROUTE_COLUMNS, take_route, &best);
	if (best.via == 0) {
		g_free(best.device);
		return FALSE;
	}
	via.s_addr = (in_addr_t)best.via; /* printed by the kernel as the bytes lie in memory */
	*gateway = g_strdup(inet_ntop(AF_INET, &via, address, sizeof(address)));
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

	each_row(text, ARP_COLUMNS, take_neighbour, &wanted);
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

/* The machine's agent is shut off from the network by its unit and sees an empty table: then what process
 * 1 sees is the machine's.
 */
static const char *choose_folder(const char *root)
{
	g_autofree char *routes = read_table(root, "/proc/net/", "route");
	const char *rows = strchr(routes, '\n');

	return rows && rows[1] ? "/proc/net/" : "/proc/1/net/";
}

void office_look_gateway(const struct office *office, const char *root,
			 struct office_finding *finding)
{
	const char *folder = choose_folder(root);
	g_autofree char *routes = read_table(root, folder, "route");
	g_autofree char *gateway = NULL, *device = NULL, *neighbours = NULL, *mac = NULL;

	if (!office_parse_route(routes, &gateway, &device)) {
		office_found(finding, DEVID_ANSWER_UNKNOWN, "there is no gateway");
		return;
	}
	if (strcmp(gateway, office->gateway) != 0) {
		office_found(finding, DEVID_ANSWER_FAIL, "the gateway is %s, not %s", gateway,
			     office->gateway);
		return;
	}
	neighbours = read_table(root, folder, "arp");
	mac = office_parse_arp(neighbours, gateway, device);
	if (!mac)
		office_found(finding, DEVID_ANSWER_UNKNOWN,
			     "the MAC of the gateway %s is not known", gateway);
	else if (strcmp(mac, office->mac) != 0)
		office_found(finding, DEVID_ANSWER_FAIL, "the gateway %s has another MAC: %s",
			     gateway, mac);
	else
		office_found(finding, DEVID_ANSWER_PASS, "the gateway is %s with MAC %s", gateway,
			     mac);
}
