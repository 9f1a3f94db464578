/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A key that a foreign token makes. */
#pragma once

#include <internal/wire.h>
#include "foreign-token.h"

struct foreign_wish {
	enum wire_key_type type;
	guint bits; /* of the modulus, or of one of the curves P-256, P-384, P-521 */
	const char *label;
	GBytes *id;
};
/* It is asked for as one that signs, and the token says that it can't be taken out. `*made` is true
 * where a key was made that lies there now, also after a failure.
 */
bool foreign_key_make(struct foreign_token *token, const struct foreign_wish *wish, bool *made,
		      GError **error);
