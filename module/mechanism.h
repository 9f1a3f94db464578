/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the token can sign with, and makes keys with. The table in mechanism.c is the only place
 * that knows a CKM number: C_GetMechanismList, C_GetMechanismInfo, C_SignInit, C_GenerateKeyPair,
 * CKA_ALLOWED_MECHANISMS and CKA_KEY_GEN_MECHANISM read it.
 */
#pragma once

#include <internal/wire.h>
#include <p11-kit/pkcs11.h>
#include "bytes.h"

/* A signature as the wire names it, and what may come in and go out. */
struct mechanism_use {
	enum wire_scheme scheme;
	enum wire_digest digest;
	enum wire_digest pss_digest, pss_mgf; /* PSS alone */
	uint32_t pss_salt;
	bool parts; /* may come in parts: the token makes the digest */
	bool cut;   /* more than data_max is cut off, as FIPS 186-4 section 6.4 has it */
	size_t data_min, data_max; /* bytes; SIZE_MAX: no bound */
	size_t signature;	   /* bytes */
};

/* CKR_BUFFER_TOO_SMALL and the count where `list` is too short; the count alone where it is
 * NULL. */
CK_RV mechanism_list(CK_MECHANISM_TYPE *list, CK_ULONG *count);
CK_RV mechanism_info(CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info);
/* CKR_MECHANISM_INVALID, CKR_KEY_TYPE_INCONSISTENT, CKR_KEY_SIZE_RANGE,
 * CKR_MECHANISM_PARAM_INVALID. */
CK_RV mechanism_start(const CK_MECHANISM *mechanism, enum wire_key_type key, unsigned bits,
		      struct mechanism_use *use);
/* A mechanism that makes key pairs: CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID. */
CK_RV mechanism_generate(const CK_MECHANISM *mechanism, enum wire_key_type *key);
/* The one that made a key of that type here. */
CK_MECHANISM_TYPE mechanism_of_generation(enum wire_key_type key);
/* The mechanisms that sign with a type of key, with RSA-PSS or without: a run of CK_MECHANISM_TYPE
 * that lives for ever. */
struct bytes mechanism_allowed(enum wire_key_type key, bool pss);
