/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Base64 and hexadecimal digits; hexadecimal goes there and back. */
#include <string.h>
#include "fuzz.h"
#include <internal/record.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *out = malloc(size / 4 * 3 + 3), *bytes = malloc(size / 2 + 1);
	char *text = malloc(2 * size + 1);

	if (!out || !bytes || !text)
		abort();
	FUZZ_CHECK(base64_decode((const char *)data, size, out) <= (ptrdiff_t)(size / 4 * 3 + 3));
	(void)hex_decode((const char *)data, size, bytes);
	hex_encode(data, size, text);
	free(bytes);
	bytes = malloc(size + 1);
	FUZZ_CHECK(bytes && hex_decode(text, 2 * size, bytes) && memcmp(bytes, data, size) == 0);
	free(bytes);
	free(text);
	free(out);
	return 0;
}
