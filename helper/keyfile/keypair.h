/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a private key belongs to a certificate: same public key, and a signature that
 * verifies. */
#pragma once

#include "candidate.h"

enum keypair keypair_match(const struct secret *pkcs8, gnutls_x509_crt_t crt,
			   struct secret *completed, int *code);
