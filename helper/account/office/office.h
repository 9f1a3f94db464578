/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether this computer stands in an office; how that is told by packets: the rows of a table. */
#pragma once

#include <gio/gio.h>
#include <devid/office.h>
#include "office-keys.h"

/* What devid_office_find() does, of `offices`, which holds struct office; NULL: none. */
struct devid_office_report *office_find(const GPtrArray *offices, enum devid_office_how how);

/* The rows. Both end soon after `cancellable` is cancelled. */
void office_ask_name(const struct office *office, GCancellable *cancellable,
		     struct office_finding *finding);
void office_ask_probe(const struct office *office, GCancellable *cancellable,
		      struct office_finding *finding);
