/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel knows of the gateway. */
#pragma once

#include <stdbool.h>
#include "office-keys.h"

/* Looks below `root`. */
void office_look_gateway(const struct office *office, const char *root,
			 struct office_finding *finding);
/* The default route of the least metric in the text of /proc/net/route (AF_INET) or
 * /proc/net/ipv6_route (AF_INET6): its gateway's address and the device behind which it stands.
 * false: there is none.
 */
bool office_parse_route(int family, const char *text, char **gateway, char **device);
/* The MAC of an address behind a device in the text of /proc/net/arp; NULL: not known. */
char *office_parse_arp(const char *text, const char *address, const char *device);
