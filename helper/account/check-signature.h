/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a certificate or a revocation list is signed by an issuer's key. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <gnutls/x509.h>

enum check_signature {
	CHECK_SIGNATURE_GOOD,
	CHECK_SIGNATURE_BAD,
	/* the issuer's RSA-PSS key is bound to a hash and a least salt, or to PSS at all, and the
	 * signature is made otherwise (RFC 4055 section 3.3)
	 */
	CHECK_SIGNATURE_FORBIDDEN,
	CHECK_SIGNATURE_WEAK,	 /* right, with a hash that is broken */
	CHECK_SIGNATURE_UNKNOWN, /* can't be judged: no memory, an algorithm that isn't known */
};

/* Names, dates and what the issuer may sign are not looked at. `weak`: right with a broken hash is
 * right as well.
 */
enum check_signature check_signature(gnutls_x509_crt_t certificate, gnutls_x509_crt_t issuer,
				     bool weak);
enum check_signature check_list_signature(gnutls_x509_crl_t crl, gnutls_x509_crt_t issuer);
