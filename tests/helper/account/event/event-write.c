/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes one event, for event-journal.sh: event-write LABEL. The failure reason has two lines. */
#include <devid/devid.h>

int main(int argc, char **argv)
{
	struct devid_event event = { .type = DEVID_EVENT_DEVICE_CERTIFICATE,
				     .sub_type = "Import",
				     .action = "Failed",
				     .reason = "expired",
				     .failure_reason = "first\nsecond",
				     .label = argc > 1 ? argv[1] : "x",
				     .validated = 0 };

	return devid_event_write(false, &event) == DEVID_OK ? 0 : 1;
}
