/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzz target: the pinned names of storage keys. What is taken is a name for each handle at most
 * once.
 */
#include <string.h>
#include "agent/identity/half-pin.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct half_pins pins;

	if (!half_pin_parse((const char *)data, size, &pins))
		return 0;
	FUZZ_CHECK(pins.count > 0 && pins.count <= HALF_PINS_MAX);
	FUZZ_CHECK(pins.count == 1 || pins.pins[0].handle != pins.pins[1].handle);
	for (gsize i = 0; i < pins.count; i++)
		FUZZ_CHECK(strlen(pins.pins[i].name) % 2 == 0 && *pins.pins[i].name);
	return 0;
}
