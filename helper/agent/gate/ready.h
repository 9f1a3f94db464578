/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GnuTLS, made ready beside the first request. */
#pragma once

/* Whatever needs GnuTLS calls it first. */
void ready_gnutls(void);
