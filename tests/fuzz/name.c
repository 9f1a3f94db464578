/* A distinguished name, and any text: what is printed is UTF-8 without anything that moves a cursor. */
#include <string.h>
#include <glib.h>
#include <devid/check.h>
#include "fuzz.h"

static void check(char *printed)
{
	if (!printed)
		return;
	FUZZ_CHECK(g_utf8_validate(printed, -1, NULL));
	for (const char *at = printed; *at; at = g_utf8_next_char(at)) {
		gunichar character = g_utf8_get_char(at);

		FUZZ_CHECK(!g_unichar_iscntrl(character));
		FUZZ_CHECK(character < 0x202a || character > 0x202e);
		FUZZ_CHECK(character < 0x2066 || character > 0x2069);
	}
	free(printed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const gnutls_datum_t der = { (unsigned char *)data, (unsigned)size };

	g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR);
	check(devid_name_to_string(&der));
	check(devid_text_escape((const char *)data, size));
	return 0;
}
