/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A frame as it comes from a socket: judged, then read by every getter. */
#include <string.h>
#include "fuzz.h"
#include <internal/wire.h>

static void read_all(const struct wire_frame *frame)
{
	for (unsigned tag = 0; tag <= TAG_TOKEN + 1; tag++) {
		struct wire_field field;
		uint32_t value;
		char *text = wire_get_text(frame, (enum wire_tag)tag);
		size_t end = WIRE_HEADER;

		(void)wire_get_u32(frame, (enum wire_tag)tag, &value);
		for (bool more = wire_get(frame, (enum wire_tag)tag, &field); more;
		     more = wire_next(frame, &field)) {
			volatile uint8_t last = field.length ? field.data[field.length - 1] : 0;

			(void)last;
			FUZZ_CHECK(field.next > end && field.next <= frame->bytes.length);
			end = field.next;
		}
		free(text);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Not secret memory, whose pages would hide the first byte beyond the end. */
	struct wire_frame frame = { { (uint8_t *)(uintptr_t)data, size, size }, DEVID_OK };
	enum wire_type type;
	size_t body;

	if (size >= WIRE_HEADER && wire_parse_header(data, &type, &body) == DEVID_OK)
		FUZZ_CHECK(body <= WIRE_BODY_MAX);
	if (wire_validate(&frame) == DEVID_OK) {
		FUZZ_CHECK(size <= WIRE_FRAME_MAX && wire_type(&frame) == type);
		read_all(&frame);
	}
	return 0;
}
