/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openconnect takes an empty cookie for none, signs in by itself and runs a browser, as root: so
 * what is not plainly a cookie is refused.
 */
#include "cookie.h"

bool cookie_is_sound(struct secret *cookie)
{
	if (cookie->length > 0 && cookie->data[cookie->length - 1] == '\n')
		cookie->length--;
	if (cookie->length == 0 || cookie->data[0] == ' ')
		return false;
	for (size_t i = 0; i < cookie->length; i++)
		if (cookie->data[i] < ' ' || cookie->data[i] > '~')
			return false;
	return secret_append(cookie, "\n", 1) == DEVID_OK;
}
