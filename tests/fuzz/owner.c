/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's tables of connections, as text: whoever is found, the line must say so. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <glib.h>
#include "command/proxy/owner.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sockaddr_in own = { .sin_family = AF_INET, .sin_port = htons(40000) };
	struct sockaddr_in other = { .sin_family = AF_INET, .sin_port = htons(8080) };
	g_autofree char *text = g_strndup((const char *)data, size);
	uid_t uid;

	own.sin_addr.s_addr = other.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	FUZZ_CHECK(!owner_in_table(text, (void *)&own, (void *)&other, &uid) ||
		   (strstr(text, ":9C40 ") && strstr(text, ":1F90 ")));
	return 0;
}
