/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Carries bytes between a plain socket and a TLS session until both directions have ended. */
#pragma once

#include <stdbool.h>
#include <gnutls/gnutls.h>

#define RELAY_ROOM                                                                     \
	16384 /* bytes on their way, in each direction: nobody is read faster than the \
		 other side takes it */

/* `plain` and `secure`, the session's own, are not blocking. An end that comes in order (shutdown,
 * close_notify) is handed on in its direction alone, the other goes on. 0: both have ended so. Else
 * a code of GnuTLS's: GNUTLS_E_PULL_ERROR where the plain side is gone, else what the session
 * failed with; then neither side has been told of an orderly end. */
int relay_run(int plain, int secure, gnutls_session_t session);
