/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a part of a PKCS#12 file holds. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include "p12-note.h"

bool p12_bag_walk(struct walk *walk, struct ber content, GError **error);
