/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Distinguished names compared by value (RFC 5280 section 7.1). */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <gnutls/gnutls.h>
#include "base/der.h"

/* Whether two names (DER of a Name) are the same, whatever string types, case and runs of blanks
 * they were written with.
 */
bool name_equal(const gnutls_datum_t *a, const gnutls_datum_t *b);

/* The rest takes the content of a Name: the RDNs one after the other. */

/* Whether `base` is the beginning of `name`, or all of it. */
bool name_is_below(struct der name, struct der base);
/* Whether every attribute can be taken apart, and every string read: no NUL, no bytes that are none
 * of its type. One that can't must not slip past a comparison.
 */
bool name_is_readable(struct der name);
