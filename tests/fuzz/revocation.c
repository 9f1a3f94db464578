/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of serial numbers and revocation lists: the first byte says which. */
#include "fuzz.h"
#include "account/revocation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct revocation revocation = { NULL, NULL };
	g_autofree char *why = NULL;

	g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR);
	if (size == 0)
		return 0;
	if (data[0] == 's')
		why = revocation_add_serials(&revocation, (const char *)data + 1, size - 1);
	else
		why = revocation_add_list(&revocation, data + 1, size - 1);
	FUZZ_CHECK(revocation_next_change(&revocation, 1718452800) == 0 ||
		   revocation_next_change(&revocation, 1718452800) > 1718452800);
	revocation_clear(&revocation);
	return 0;
}
