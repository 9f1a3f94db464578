/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who asks, and whether that one may: by the bus and by polkit. */
#pragma once

#include "tunnel.h"

/* Fills in the uid. */
void authority_identify(struct tunnel *tunnel, tunnel_then then);
/* Root may; of others polkit is asked, which may ask the person, where the call allows that. */
void authority_check(struct tunnel *tunnel, tunnel_then then);
