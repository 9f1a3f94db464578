/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's tables of routes and neighbours, as text: the first byte says which. What is taken
 * from them is an address and a device.
 */
#include <string.h>
#include <sys/socket.h>
#include "account/office/office-gateway.h"
#include "fuzz.h"

static void check_gateway(int family, const char *text)
{
	g_autofree char *gateway = NULL, *device = NULL;

	if (!office_parse_route(family, text, &gateway, &device))
		return;
	FUZZ_CHECK(gateway && g_hostname_is_ip_address(gateway));
	FUZZ_CHECK(device && strpbrk(device, " \t\n") == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *text = NULL, *mac = NULL;

	g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR);
	if (size == 0)
		return 0;
	text = g_strndup((const char *)data + 1, size - 1);
	if (data[0] == '4')
		check_gateway(AF_INET, text);
	else if (data[0] == '6')
		check_gateway(AF_INET6, text);
	else
		mac = office_parse_arp(text, "192.0.2.1", "eth0");
	FUZZ_CHECK(!mac || strpbrk(mac, " \t\n") == NULL);
	return 0;
}
