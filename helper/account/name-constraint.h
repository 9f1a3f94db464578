/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One name beside one name constraint (RFC 5280 section 4.2.1.10), kind by kind. */
#pragma once

#include <stdbool.h>
#include "base/der.h"

enum name_match {
	NAME_OUTSIDE,
	NAME_INSIDE,
	/* name or constraint can't be read: neither "permitted" nor "not excluded" may be said of
	   it */
	NAME_UNREADABLE,
};

/* Both as the content of the GeneralName. `excluded`: what might lie inside does (a wildcard). A
 * kind that nobody can judge (otherName, x400Address, ediPartyName, registeredID) is always
 * NAME_UNREADABLE.
 */
enum name_match name_constraint_match(guint8 tag, struct der constraint, struct der name,
				      bool excluded);

/* Whether text is a host name of letters, digits, '-' and '_', as constraints speak of. */
bool name_is_host(const struct der *text);
