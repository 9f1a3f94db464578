/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GnuTLS, made ready beside the first request. */
#include <glib.h>
#include <gnutls/gnutls.h>
#include "ready.h"

void ready_gnutls(void)
{
	static gsize once;

	if (g_once_init_enter(&once)) {
		gnutls_global_init();
		g_once_init_leave(&once, 1);
	}
}
