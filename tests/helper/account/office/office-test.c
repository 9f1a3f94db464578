/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Offices: what their keys take, and what is read of the kernel's tables. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "account/office/office-gateway.h"
#include "account/office/office-keys.h"
#include "account/office/office.h"
#include "base/conf.h"
#include "tests/helper/account/harness.h"

#define HEX64 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void *begin_office(void *data, const char *name, unsigned line, char **why)
{
	struct office **office = data;

	*office = office_new(name);
	return *office;
}

/* Reads "[Office Here]" with these lines. */
static char *read_office(const char *lines, struct office **office)
{
	const struct conf_section sections[] = {
		{ "Office", true, office_keys, office_key_count, begin_office, office_end },
		{ NULL },
	};
	g_autofree char *text = g_strconcat("[Office Here]\n", lines, NULL);

	*office = NULL;
	return conf_read(text, strlen(text), sections, office);
}

static void test_keys_taken(void **state)
{
	struct office *office;
	char *why = read_office("GatewayAddress=10.9.0.1\nGatewayMAC=02-AB-00-00-00-01\n"
				"DNSName=Office.Example.COM.\nDNSAnswer=10.9.0.53; 2001:DB8::1\n"
				"Probe=https://probe.example.com:8443/a?b=c\n"
				"ProbeCertificate=sha256:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:"
				"EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF; "
				"SHA256:" HEX64 "\n",
				&office);

	assert_null(why);
	assert_string_equal(office->name, "Here");
	assert_string_equal(office->gateway, "10.9.0.1");
	assert_string_equal(office->mac, "02:ab:00:00:00:01");
	assert_string_equal(office->dns_name, "office.example.com");
	assert_string_equal(office->dns_answers[1], "2001:db8::1");
	assert_string_equal(office->probe, "https://probe.example.com:8443/a?b=c");
	assert_string_equal(office->probe_pins[0], HEX64);
	assert_string_equal(office->probe_pins[1], HEX64);
	assert_null(office->probe_pins[2]);
	office_free(office);
}

static void test_pairs_of_their_own(void **state)
{
	static const char *const whole[] = {
		"GatewayAddress=10.9.0.1\nGatewayMAC=02:00:00:00:00:01\n",
		"DNSName=a.b\nDNSAnswer=10.9.0.53\n",
		"Probe=https://10.9.0.5/\nProbeCertificate=sha256:" HEX64 "\n",
		"Probe=https://[2001:db8::1]:443\nProbeCertificate=sha256:" HEX64 "\n",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(whole); i++) {
		struct office *office;

		assert_null(read_office(whole[i], &office));
		office_free(office);
	}
}

static void test_keys_refused(void **state)
{
	static const struct {
		const char *lines, *words;
	} bad[] = {
		{ "", "says nothing that could tell it" },
		{ "GatewayAddress=10.9.0.1\n", "GatewayAddress= without GatewayMAC=" },
		{ "GatewayMAC=02:00:00:00:00:01\n", "GatewayMAC= without GatewayAddress=" },
		{ "DNSName=a.b\n", "DNSName= without DNSAnswer=" },
		{ "DNSAnswer=10.0.0.1\n", "DNSAnswer= without DNSName=" },
		{ "Probe=https://a.b/\n", "Probe= without ProbeCertificate=" },
		{ "ProbeCertificate=sha256:" HEX64 "\n", "ProbeCertificate= without Probe=" },
		{ "GatewayAddress=gw.example.com\n", "no IPv4 address" },
		{ "GatewayAddress=10.9.0.1/24\n", "no IPv4 address" },
		{ "GatewayAddress=0.0.0.0\n", "no IPv4 address" },
		{ "GatewayAddress=127.0.0.1\n", "no IPv4 address" },
		{ "GatewayAddress=224.0.0.1\n", "no IPv4 address" },
		{ "GatewayAddress=fe80::1%eth0\n", "nor an IPv6 one" },
		{ "GatewayAddress=fe80::1/64\n", "nor an IPv6 one" },
		{ "GatewayAddress=::\n", "nor an IPv6 one" },
		{ "GatewayAddress=::1\n", "nor an IPv6 one" },
		{ "GatewayAddress=ff02::2\n", "nor an IPv6 one" },
		{ "GatewayMAC=02:00:00:00:00\n", "no MAC address" },
		{ "GatewayMAC=02:00:00:00:00:01:02\n", "no MAC address" },
		{ "GatewayMAC=0:2:0:0:0:1:00:00:00\n", "no MAC address" },
		{ "GatewayMAC=020000000001\n", "no MAC address" },
		{ "GatewayMAC=02:00:00:00:00:0g\n", "no MAC address" },
		{ "GatewayMAC=00:00:00:00:00:00\n", "that one gateway can have" },
		{ "GatewayMAC=ff:ff:ff:ff:ff:ff\n", "that one gateway can have" },
		{ "GatewayMAC=01:00:5e:00:00:01\n", "that one gateway can have" },
		{ "DNSName=intranet\n", "no full host name" },
		{ "DNSName=intranet.\n", "no full host name" },
		{ "DNSName=a..b\n", "no full host name" },
		{ "DNSName=.a.b\n", "no full host name" },
		{ "DNSName=-a.b\n", "no full host name" },
		{ "DNSName=a b.c\n", "no full host name" },
		{ "DNSName=10.9.0.1\n", "no full host name" },
		{ "DNSName=*.example.com\n", "no full host name" },
		{ "DNSAnswer=here\n", "names here, which is no address" },
		{ "DNSAnswer=10.0.0.1; 0.0.0.0\n", "names 0.0.0.0, which is no address" },
		{ "DNSAnswer=127.0.0.53\n", "which is no address" },
		{ "DNSAnswer=;\n", "names nothing" },
		{ "Probe=http://a.b/\n", "no address https://" },
		{ "Probe=https:///a\n", "names no host" },
		{ "Probe=a.b\n", "no address https://" },
		{ "Probe=https://u:p@a.b/\n", "user's name" },
		{ "Probe=https://a.b/#c\n", "fragment" },
		{ "Probe=https://a.b:0/\n", "names no host" },
		{ "Probe=https://a.b:70000/\n", "no address https://" },
		{ "Probe=https://a.b/ HTTP/1.1\n", "a character that" },
		{ "Probe=https://a%0d.b/\n", "names no host" },
		{ "ProbeCertificate=" HEX64 "\n", "not sha256:" },
		{ "ProbeCertificate=sha256:00\n", "not sha256:" },
		{ "ProbeCertificate=sha256:" HEX64 "00\n", "not sha256:" },
		{ "ProbeCertificate=sha256:" HEX64 ":\n", "not sha256:" },
		{ "ProbeCertificate=sha1:" HEX64 "\n", "not sha256:" },
		{ "ProbeCertificate=sha256:" HEX64 "; sha256:0\n", "not sha256:" },
		{ "Gateway=10.0.0.1\n", "unknown key" },
		{ "GatewayAddress=10.0.0.1\nGatewayAddress=10.0.0.1\n", "given twice" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		struct office *office;
		g_autofree char *why = read_office(bad[i].lines, &office);

		if (!why || !strstr(why, bad[i].words))
			fail_msg("%s: %s", bad[i].lines, why ? why : "accepted");
		office_free(office);
	}
}

static void test_name_too_long(void **state)
{
	g_autofree char *label = g_strnfill(60, 'a');
	g_autofree char *name = g_strconcat("DNSName=", label, ".", label, ".", label, ".", label,
					    ".example.com\n", NULL);
	struct office *office;
	g_autofree char *why = read_office(name, &office);

	assert_non_null(why);
	office_free(office);
}

#define ROUTES \
	"Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"

/* The addresses as this machine's byte order prints them. */
static char *route(const char *device, const char *gateway, unsigned flags, unsigned metric,
		   const char *rest)
{
	g_autoptr(GInetAddress) address = g_inet_address_new_from_string(gateway);
	guint32 number;

	memcpy(&number, g_inet_address_to_bytes(address), sizeof(number));
	return g_strdup_printf("%s\t00000000\t%08X\t%04X\t0\t0\t%u\t00000000\t0\t0\t0\n%s", device,
			       number, flags, metric, rest);
}

static void assert_route(const char *rows, const char *gateway, const char *device)
{
	g_autofree char *text = g_strconcat(ROUTES, rows, NULL), *via = NULL, *behind = NULL;
	bool found = office_parse_route(AF_INET, text, &via, &behind);

	assert_int_equal(found, gateway != NULL);
	if (!found)
		return;
	assert_string_equal(via, gateway);
	assert_string_equal(behind, device);
}

static void test_routes(void **state)
{
	g_autofree char *dear = route("wlan0", "10.8.0.1", 3, 600, "");
	g_autofree char *cheap = route("eth0", "10.9.0.1", 3, 100, dear);
	g_autofree char *down = route("eth1", "10.7.0.1", 2, 0, cheap);
	/* A VPN's default route without a gateway is the one that counts. */
	g_autofree char *tunnel = route("tun0", "0.0.0.0", 1, 50, cheap);
	g_autofree char *reject = route("*", "10.9.0.1", 0x203, 0, cheap);

	assert_route(dear, "10.8.0.1", "wlan0");
	assert_route(cheap, "10.9.0.1", "eth0");
	assert_route(down, "10.9.0.1", "eth0");
	assert_route(tunnel, NULL, NULL);
	assert_route(reject, NULL, NULL);
	assert_route("", NULL, NULL);
	assert_route("eth0\t0009000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n", NULL, NULL);
	/* Half the internet is no default route. */
	assert_route("eth0\t00000000\t0100090A\t0003\t0\t0\t0\t00000080\t0\t0\t0\n", NULL, NULL);
}

#define NONE6  "00000000000000000000000000000000"
#define VIA6   "fe800000000000000000000000000001"
#define OTHER6 "fd000000000000000000000000000001"
#define ROUTE6(to, length, via, metric, flags, device)                                           \
	to " " length " " NONE6 " 00 " via " " metric " 00000001 00000000 " flags "     " device \
	   "\n"

static void test_routes6(void **state)
{
	static const char good[] = ROUTE6(NONE6, "00", VIA6, "00000400", "00000003", "eth0");
	static const struct {
		const char *rows;
		const char *gateway, *device; /* NULL: none */
	} cases[] = {
		{ good, "fe80::1", "eth0" },
		{ ROUTE6(NONE6, "00", OTHER6, "00000400", "00450003", "eth0"), "fd00::1", "eth0" },
		/* the kernel's own, at the end of each table */
		{ ROUTE6(NONE6, "00", VIA6, "00000400", "00000003", "eth0")
			  ROUTE6(NONE6, "00", NONE6, "ffffffff", "00200200", "lo"),
		  "fe80::1", "eth0" },
		{ ROUTE6(NONE6, "00", NONE6, "ffffffff", "00200200", "lo"), NULL, NULL },
		{ ROUTE6(NONE6, "00", OTHER6, "00000400", "00000003", "wlan0")
			  ROUTE6(NONE6, "00", VIA6, "00000100", "00000003", "eth0"),
		  "fe80::1", "eth0" },
		/* a tunnel's default route is the one that counts */
		{ ROUTE6(NONE6, "00", VIA6, "00000400", "00000003", "eth0")
			  ROUTE6(NONE6, "00", NONE6, "00000032", "00000001", "tun0"),
		  NULL, NULL },
		{ ROUTE6(NONE6, "00", VIA6, "00000400", "00000002", "eth0"), NULL, NULL },
		{ ROUTE6(NONE6, "00", VIA6, "00000400", "00000203", "eth0"), NULL, NULL },
		{ ROUTE6(NONE6, "01", VIA6, "00000400", "00000003", "eth0"), NULL, NULL },
		{ ROUTE6(NONE6, "40", VIA6, "00000400", "00000003", "eth0"), NULL, NULL },
		{ ROUTE6(OTHER6, "00", VIA6, "00000400", "00000003", "eth0"), "fe80::1", "eth0" },
		/* odd rows */
		{ "", NULL, NULL },
		{ "\n\n", NULL, NULL },
		{ NONE6 " 00 " NONE6 " 00 " VIA6 " 00000400 00000001 00000000 00000003\n", NULL,
		  NULL },
		{ ROUTE6("0", "00", VIA6, "00000400", "00000003", "eth0"), NULL, NULL },
		{ ROUTE6(NONE6 "0", "00", VIA6, "00000400", "00000003", "eth0"), NULL, NULL },
		{ ROUTE6(NONE6, "00", "fe80::1", "00000400", "00000003", "eth0"), NULL, NULL },
		{ ROUTE6(NONE6, "00", VIA6, "100000000", "00000003", "eth0"), NULL, NULL },
		{ ROUTE6(NONE6, "00", VIA6, "-1", "00000003", "eth0"), NULL, NULL },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *via = NULL, *behind = NULL;
		bool found = office_parse_route(AF_INET6, cases[i].rows, &via, &behind);

		if (found != (cases[i].gateway != NULL))
			fail_msg("%s", cases[i].rows);
		if (!found)
			continue;
		assert_string_equal(via, cases[i].gateway);
		assert_string_equal(behind, cases[i].device);
	}
}

static void test_routes_hostile(void **state)
{
	static const char *const rows[] = {
		"eth0\n",
		"eth0\t00000000\t0100090A\t0003\t0\t0\t0\n",
		"eth0\tzz\t0100090A\t0003\t0\t0\t0\t00000000\n",
		"eth0\t00000000\t-1\t0003\t0\t0\t0\t00000000\n",
		"eth0\t00000000\t0100090A\t3x\t0\t0\t0\t00000000\n",
		"eth0\t00000000\t10100090A\t0003\t0\t0\t0\t00000000\n",
		"eth0\t00000000\t0100090A\t0003\t0\t0\t-1\t00000000\n",
		"eth0\t00000000\t0100090A\t0003\t0\t0\t99999999999999999999\t00000000\n",
		"\xff\xfe\t\t\t\t\n\n\n",
	};
	g_autofree char *via = NULL, *behind = NULL;

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		assert_route(rows[i], NULL, NULL);
	/* The first line is the heading, whatever it says. */
	g_autofree char *headless = route("eth0", "10.9.0.1", 3, 0, "");

	assert_false(office_parse_route(AF_INET, headless, &via, &behind));
	assert_false(office_parse_route(AF_INET, "", &via, &behind));
}

#define ARP "IP address       HW type     Flags       HW address            Mask     Device\n"

static void assert_mac(const char *rows, const char *mac)
{
	g_autofree char *text = g_strconcat(ARP, rows, NULL);
	g_autofree char *found = office_parse_arp(text, "10.9.0.1", "eth0");

	if (mac)
		assert_string_equal(found, mac);
	else
		assert_null(found);
}

static void test_neighbours(void **state)
{
	assert_mac("10.9.0.1  0x1  0x2  02:AB:00:00:00:01  *  eth0\n", "02:ab:00:00:00:01");
	assert_mac("10.9.0.11  0x1  0x2  02:00:00:00:00:09  *  eth0\n"
		   "10.9.0.1  0x1  0x6  02:00:00:00:00:01  *  eth0\n",
		   "02:00:00:00:00:01");
	/* incomplete, behind another device, of another kind, cut short, not there */
	assert_mac("10.9.0.1  0x1  0x0  00:00:00:00:00:00  *  eth0\n", NULL);
	assert_mac("10.9.0.1  0x1  0x2  02:00:00:00:00:01  *  eth1\n", NULL);
	assert_mac("10.9.0.1  0x20 0x2  02:00:00:00:00:01  *  eth0\n", NULL);
	assert_mac("10.9.0.1  0x1  0x2  02:00:00:00:00:01\n", NULL);
	assert_mac("10.9.0.1  0x1  two  02:00:00:00:00:01  *  eth0\n", NULL);
	assert_mac("", NULL);
	/* a name that is made to look like columns */
	assert_mac("10.9.0.12 0x1 0x2 02:00:00:00:00:02 * 10.9.0.1 0x1 0x2 "
		   "02:00:00:00:00:01 * eth0\n",
		   NULL);
}

/* A machine below a root of the test's own. */
static char *machine(const char *gateway, const char *mac)
{
	char *root = harness_folder();
	g_autofree char *rows = route("eth0", gateway, 3, 100, "");
	g_autofree char *routes = g_strconcat(ROUTES, rows, NULL);
	g_autofree char *arp = g_strdup_printf(ARP "%s 0x1 0x2 %s * eth0\n", gateway, mac);

	harness_write(root, "proc/net/route", routes, -1);
	harness_write(root, "proc/net/arp", arp, -1);
	g_setenv("DEVID_TEST_ROOT", root, true);
	return root;
}

static void assert_found(GPtrArray *offices, enum devid_origin origin, const char *office,
			 const char *words)
{
	struct devid_office_report *report = office_find(offices, DEVID_OFFICE_LOOK);

	assert_int_equal(report->origin, origin);
	if (office)
		assert_string_equal(report->office, office);
	else
		assert_null(report->office);
	if (!strstr(report->message, words))
		fail_msg("%s: %s is not in it", report->message, words);
	devid_office_free(report);
}

static GPtrArray *offices_of(const char *first, const char *second)
{
	GPtrArray *offices = g_ptr_array_new_with_free_func((GDestroyNotify)office_free);
	struct office *office;

	assert_null(read_office(first, &office));
	g_ptr_array_add(offices, office);
	if (second) {
		assert_null(read_office(second, &office));
		g_free(office->name);
		office->name = g_strdup("There");
		g_ptr_array_add(offices, office);
	}
	return offices;
}

#define GATEWAY "GatewayAddress=10.9.0.1\nGatewayMAC=02:00:00:00:00:01\n"
#define OTHER	"GatewayAddress=10.8.0.1\nGatewayMAC=02:00:00:00:00:01\n"

static void test_look(void **state)
{
	g_autoptr(GPtrArray) here = offices_of(GATEWAY, NULL);
	g_autoptr(GPtrArray) second = offices_of(OTHER, GATEWAY);
	g_autoptr(GPtrArray) more = offices_of(GATEWAY "DNSName=a.b\nDNSAnswer=10.9.0.53\n", NULL);
	g_autofree char *good = machine("10.9.0.1", "02:00:00:00:00:01");

	assert_found(here, DEVID_ORIGIN_OFFICE, "Here", "the gateway is 10.9.0.1 with MAC");
	assert_found(second, DEVID_ORIGIN_OFFICE, "There", "There: ");
	/* No packet is sent, so what needs one isn't told. */
	assert_found(more, DEVID_ORIGIN_UNKNOWN, NULL, "nothing is asked over the network");

	g_autofree char *moved = machine("10.9.0.1", "02:00:00:00:00:02");

	assert_found(here, DEVID_ORIGIN_REMOTE, NULL, "another MAC: 02:00:00:00:00:02");
	assert_found(second, DEVID_ORIGIN_REMOTE, NULL, "Here: the gateway is 10.9.0.1, not");

	g_autofree char *elsewhere = machine("10.9.0.2", "02:00:00:00:00:01");

	assert_found(here, DEVID_ORIGIN_REMOTE, NULL, "the gateway is 10.9.0.2, not 10.9.0.1");
	g_unsetenv("DEVID_TEST_ROOT");
}

static void test_look_at_nothing(void **state)
{
	g_autoptr(GPtrArray) here = offices_of(GATEWAY, NULL);
	g_autofree char *root = harness_folder();

	g_setenv("DEVID_TEST_ROOT", root, true);
	assert_found(here, DEVID_ORIGIN_UNKNOWN, NULL, "there is no gateway");
	/* a process shut off from the network, and the machine's tables */
	g_autofree char *good = machine("10.9.0.1", "02:00:00:00:00:01");
	g_autofree char *from = g_build_filename(good, "proc/net", NULL);
	g_autofree char *to = g_build_filename(good, "proc/1/net", NULL);

	harness_write(good, "proc/1/x", "", -1);
	assert_int_equal(rename(from, to), 0);
	assert_found(here, DEVID_ORIGIN_OFFICE, "Here", "02:00:00:00:00:01");
	harness_write(good, "proc/net/route",
		      ROUTES "eth0\t0009000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\n", -1);
	assert_found(here, DEVID_ORIGIN_UNKNOWN, NULL, "there is no gateway");
	g_unsetenv("DEVID_TEST_ROOT");
	assert_found(NULL, DEVID_ORIGIN_REMOTE, NULL, "no office");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys_taken),     cmocka_unit_test(test_pairs_of_their_own),
		cmocka_unit_test(test_keys_refused),   cmocka_unit_test(test_name_too_long),
		cmocka_unit_test(test_routes),	       cmocka_unit_test(test_routes6),
		cmocka_unit_test(test_routes_hostile), cmocka_unit_test(test_neighbours),
		cmocka_unit_test(test_look),	       cmocka_unit_test(test_look_at_nothing),
	};

	return cmocka_run_group_tests(tests, harness_begin, harness_end);
}
