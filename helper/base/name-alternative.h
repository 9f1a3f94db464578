/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The alternative names of a certificate (RFC 5280 section 4.2.1.6) as devid prints them. */
#pragma once

#include <gnutls/x509.h>

/* "DNS:laptop.example, IP:192.0.2.7", safe to print; NULL: there are none that can be read.
 * g_free(). */
char *name_alternatives_to_string(gnutls_x509_crt_t certificate);
