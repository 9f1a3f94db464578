/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What `openconnect --authenticate` prints, which a gateway's words are part of. No value that is
 * taken from it can be an option or more than a word, and the cookie is one line.
 */
#include <string.h>
#include "command/vpn/ticket.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "CONNECT_URL", "FINGERPRINT", "RESOLVE", "HOST" };
	g_autofree uint8_t *copy = g_memdup2(data, size);
	/* It is only read, and locked memory would take its time. */
	const struct secret ticket = { .data = copy, .length = size };
	AUTO_SECRET struct secret line = SECRET_INIT;

	g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR);
	if (size == 0)
		return 0;
	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *value = vpn_ticket_value(&ticket, names[i]);

		FUZZ_CHECK(!value || (value[0] != '\0' && value[0] != '-'));
		FUZZ_CHECK(!value || strpbrk(value, " \t\r\n'") == NULL);
	}
	if (vpn_ticket_cookie(&ticket, &line)) {
		FUZZ_CHECK(line.length > 1);
		FUZZ_CHECK(memchr(line.data, '\n', line.length) == line.data + line.length - 1);
	}
	return 0;
}
