/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where an implementation answers otherwise than our reading of the specification has it, and which
 * section of PKCS#11 v2.40 decides (Base, unless it says Mechanisms). A row whose check finds what
 * the specification has after all fails it, and so does one that no check meets (../spec.sh).
 */
#include "spec.h"

#define SOFTHSM "SoftHSM"

const struct difference differences[] = {
	/* general */
	{ SOFTHSM, "sessions are counted", CKR_GENERAL_ERROR,
	  "3.2, CK_TOKEN_INFO: CK_UNAVAILABLE_INFORMATION may stand for the number of sessions" },
	{ SOFTHSM, "C_WaitForSlotEvent with bad arguments", CKR_NO_EVENT,
	  "5.5: pReserved must be NULL; pSlot is where the answer goes" },
	{ SOFTHSM, "C_WaitForSlotEvent that would wait", CKR_FUNCTION_NOT_SUPPORTED,
	  "5: a function may be unsupported; else C_Finalize releases it (5.5)" },
	/* session */
	{ SOFTHSM, "C_Logout without a login", CKR_OK, "5.6, C_Logout: CKR_USER_NOT_LOGGED_IN" },
	{ SOFTHSM, "C_GetOperationState", CKR_FUNCTION_NOT_SUPPORTED,
	  "5: a function may be unsupported; else see 5.6" },
	/* search */
	{ SOFTHSM, "a search for a value that isn't there", SPEC_CRASHES,
	  "5.7, C_FindObjectsInit: CKR_ARGUMENTS_BAD, CKR_ATTRIBUTE_VALUE_INVALID" },
	{ SOFTHSM, "a search for a CK_BBOOL of 0x41", CKR_GENERAL_ERROR,
	  "5.7, C_FindObjectsInit: a match is byte for byte" },
	/* attribute */
	{ SOFTHSM, "values that the token could read from the certificate", CKR_GENERAL_ERROR,
	  "4.6.2: the dates and the SPKI of a certificate may be empty" },
	{ SOFTHSM, "CKA_PUBLIC_KEY_INFO of keys", CKR_GENERAL_ERROR,
	  "4.8, 4.9: it is derived from the key, but may be empty" },
	{ SOFTHSM, "CKA_ALLOWED_MECHANISMS is said", CKR_GENERAL_ERROR,
	  "4.7: what an empty list means is left open" },
	{ SOFTHSM, "a key claims no use that the token has no mechanism for", CKR_GENERAL_ERROR,
	  "4.8, 4.9: CKA_SIGN_RECOVER and the like are true if the key supports that" },
	/* sign */
	{ SOFTHSM, "C_SignInit without a key", CKR_OBJECT_HANDLE_INVALID,
	  "5.1.6, CKR_KEY_HANDLE_INVALID; C_SignInit knows no other (5.11)" },
	{ SOFTHSM, "C_SignInit with a certificate", CKR_KEY_FUNCTION_NOT_PERMITTED,
	  "5.1.6, CKR_KEY_HANDLE_INVALID: also for an object that is no key" },
	{ SOFTHSM, "C_SignInit with an EC key for RSA", CKR_OK,
	  "5.1.6, CKR_KEY_TYPE_INCONSISTENT" },
	{ SOFTHSM, "C_SignInit with an RSA key for ECDSA", CKR_OK,
	  "5.1.6, CKR_KEY_TYPE_INCONSISTENT" },
	{ SOFTHSM, "C_SignInit with a public key for other mechanisms",
	  CKR_KEY_FUNCTION_NOT_PERMITTED,
	  "5.1.6: CKR_KEY_TYPE_INCONSISTENT has the higher priority" },
	{ SOFTHSM, "C_Sign of nothing, from nowhere", CKR_ARGUMENTS_BAD,
	  "5.2 and 5.11: no data is data of length 0" },
	{ SOFTHSM, "an error ends an operation", CKR_OK,
	  "5.11, C_Sign, C_SignUpdate, C_SignFinal: an error terminates it" },
	{ SOFTHSM, "C_Sign of too much or too little", CKR_GENERAL_ERROR,
	  "5.1.6, CKR_DATA_LEN_RANGE; Mechanisms 2.1.6, 2.1.10" },
	{ SOFTHSM, "PSS parameters that are none", CKR_ARGUMENTS_BAD,
	  "5.1.6, CKR_MECHANISM_PARAM_INVALID" },
	{ SOFTHSM, "a PSS salt longer than the key holds", CKR_OK,
	  "Mechanisms 2.1.10: at most the modulus less the digest and 2 bytes" },
	/* write */
	{ SOFTHSM, "two values for one attribute", CKR_OK, "4.1.1, 5: CKR_TEMPLATE_INCONSISTENT" },
	{ SOFTHSM, "nothing is left of what was refused", CKR_GENERAL_ERROR,
	  "5: a call that fails leaves the token as it was" },
	{ SOFTHSM, "another key's CKA_PUBLIC_KEY_INFO", CKR_OK,
	  "4.9: CKR_ATTRIBUTE_VALUE_INVALID, or CKR_ATTRIBUTE_TYPE_INVALID" },
	{ SOFTHSM, "an RSA key without one of its parts", CKR_OK,
	  "Mechanisms 2.1.3: a token may do without, or answer CKR_TEMPLATE_INCOMPLETE" },
	/* generate */
	{ SOFTHSM, "a key pair with a CK_BBOOL of 5", CKR_OK,
	  "4.1.1, 2: CKR_ATTRIBUTE_VALUE_INVALID" },
	{ SOFTHSM, "a key pair on a curve that isn't", CKR_GENERAL_ERROR,
	  "5.13, C_GenerateKeyPair: CKR_CURVE_NOT_SUPPORTED, CKR_DOMAIN_PARAMS_INVALID" },
	{ SOFTHSM, "a key pair on garbage", CKR_GENERAL_ERROR,
	  "5.13, C_GenerateKeyPair: CKR_DOMAIN_PARAMS_INVALID" },
	{ SOFTHSM, "nothing is left of a refused key pair", CKR_GENERAL_ERROR,
	  "5: a call that fails leaves the token as it was" },
};
const size_t difference_count = ARRAY_LENGTH(differences);
