/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names of the storage keys that a TPM had for our keys, by handle, in the data folder: pinned
 * when a key comes to lie below one, and compared before anything is said to it again
 * (data/doc/formats.md, `tpm-storage-keys`).
 */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include "agent/key/key.h"
#include "agent/store/store.h"

#define HALF_PIN_FILE "tpm-storage-keys"
#define HALF_PINS_MAX 2 /* the owner's primary and the storage root key */

struct half_pins {
	gsize count;
	struct key_parent pins[HALF_PINS_MAX];
};

/* Of that text; false: it is damaged. */
bool half_pin_parse(const char *text, gsize length, struct half_pins *pins);
/* No file is no pin. One that is damaged, or not ours alone, is an error: else whoever can spoil it
 * could have another storage key taken for ours.
 */
bool half_pin_read(enum scope scope, struct half_pins *pins, GError **error);
/* The name that is pinned for the parent's handle, or none. Errors as above. */
bool half_pin_find(enum scope scope, struct key_parent *parent, GError **error);
/* A key came to lie below it, as somebody wished: pinned, and where another name was, that is told
 * in the wait's warnings. One without handle or name is nothing. The folder is not locked here.
 */
bool half_pin_keep(enum scope scope, const struct key_parent *parent, const struct store_wait *wait,
		   GError **error);
/* A key from before there was a pin was used: pinned where none is. */
void half_pin_try(enum scope scope, const struct key_parent *parent);
