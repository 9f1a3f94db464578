/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Units of systemd. */
#pragma once

#include <stdbool.h>
#include "posture-support.h"

/* One connection to systemd, made when it is first needed. */
struct unit_link {
	const struct posture_place *place;
	GDBusConnection *connection;
};
#define AUTO_UNIT_LINK __attribute__((cleanup(posture_unit_link_clear)))
void posture_unit_link_clear(struct unit_link *link);
/* `state` is one of those that Unit= takes. The answer is added to the sum, too. */
enum devid_answer posture_unit_ask(struct unit_link *link, const char *name, const char *state,
				   struct posture_sum *sum);
bool posture_unit_name_is_sound(const char *name);
