/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Deriving keys from a password, and what is done with them: decryption and integrity checks. */
#pragma once

#include "pbe.h"

/* Decrypts; opened means: the padding is right and what comes out is one ASN.1 SEQUENCE. */
enum pbe_outcome pbe_decrypt(const struct pbe *pbe, struct pbe_password *password,
			     const struct secret *cipher, struct secret *plain);
enum pbe_outcome pbe_verify_mac(const struct pbe *pbe, struct pbe_password *password,
				const struct secret *content, const struct secret *expected);
