/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Identities in the data folder: every write of the project happens here. One writer at a time
 * (flock on the folder); renaming a record into place is the commit (data/doc/formats.md).
 */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <internal/record.h>

struct identity_result {
	char *name;
	GBytes *id;
	char *label;
	bool changed;
	bool replaced;	     /* another certificate had its place */
	GPtrArray *warnings; /* char* */
};
