/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Section 5.6: sessions, logins, and what they do to operations under way. */
#include <string.h>
#include "spec.h"

static CK_STATE state_of(CK_SESSION_HANDLE session)
{
	CK_SESSION_INFO info = { 0 };

	IS(C_GetSessionInfo(session, &info), CKR_OK);
	return info.state;
}

static void test_open(void **state)
{
	CK_SLOT_ID slot = spec_slot();
	CK_SESSION_HANDLE reading, writing, handle = 0;
	CK_SESSION_INFO info;

	IS(C_OpenSession(slot, 0, NULL, NULL, &handle), CKR_SESSION_PARALLEL_NOT_SUPPORTED);
	IS(C_OpenSession(slot, CKF_RW_SESSION, NULL, NULL, &handle),
	   CKR_SESSION_PARALLEL_NOT_SUPPORTED);
	IS(C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, NULL), CKR_ARGUMENTS_BAD);
	reading = spec_public_session(0);
	writing = spec_public_session(CKF_RW_SESSION);
	FACT(reading != writing);
	IS(C_GetSessionInfo(reading, NULL), CKR_ARGUMENTS_BAD);
	IS(C_GetSessionInfo(reading, &info), CKR_OK);
	FACT(info.slotID == slot && info.flags == CKF_SERIAL_SESSION);
	FACT(info.state == CKS_RO_PUBLIC_SESSION);
	IS(C_GetSessionInfo(writing, &info), CKR_OK);
	FACT(info.slotID == slot && info.flags == (CKF_SERIAL_SESSION | CKF_RW_SESSION));
	FACT(info.state == CKS_RW_PUBLIC_SESSION);
	IS(C_CloseSession(reading), CKR_OK);
	IS(C_CloseSession(reading), CKR_SESSION_HANDLE_INVALID);
	IS(C_GetSessionInfo(writing, &info), CKR_OK);
	IS(C_CloseAllSessions(slot), CKR_OK);
	IS(C_GetSessionInfo(writing, &info), CKR_SESSION_HANDLE_INVALID);
	IS(C_CloseAllSessions(slot), CKR_OK);
}

/* A login is the application's: all its sessions with the token change at once. */
static void test_login(void **state)
{
	const char *pin = spec_setting("SPEC_PIN", "0000");
	CK_UTF8CHAR *text = (CK_UTF8CHAR *)pin;
	CK_ULONG length = strlen(pin);
	CK_SESSION_HANDLE reading = spec_public_session(0);
	CK_SESSION_HANDLE writing = spec_public_session(CKF_RW_SESSION), later;

	BUT("C_Logout without a login", C_Logout(reading), CKR_USER_NOT_LOGGED_IN);
	IS(C_Login(reading, CKU_USER, NULL, 4), CKR_ARGUMENTS_BAD);
	IS(C_Login(reading, 77, text, length), CKR_USER_TYPE_INVALID);
	/* A read-only session is there, if there is a security officer at all. */
	IS(C_Login(writing, CKU_SO, text, length), CKR_SESSION_READ_ONLY_EXISTS,
	   CKR_USER_TYPE_INVALID);
	IS(C_Login(reading, CKU_CONTEXT_SPECIFIC, text, length), CKR_OPERATION_NOT_INITIALIZED);
	if (spec_needs_login())
		IS(C_Login(reading, CKU_USER, (CK_UTF8CHAR *)"not it", 6), CKR_PIN_INCORRECT);
	FACT(state_of(reading) == CKS_RO_PUBLIC_SESSION);
	IS(C_Login(reading, CKU_USER, text, length), CKR_OK);
	FACT(state_of(reading) == CKS_RO_USER_FUNCTIONS);
	FACT(state_of(writing) == CKS_RW_USER_FUNCTIONS);
	later = spec_public_session(0);
	FACT(state_of(later) == CKS_RO_USER_FUNCTIONS);
	IS(C_Login(writing, CKU_USER, text, length), CKR_USER_ALREADY_LOGGED_IN);
	IS(C_CloseSession(reading), CKR_OK);
	FACT(state_of(later) == CKS_RO_USER_FUNCTIONS);
	IS(C_Logout(later), CKR_OK);
	FACT(state_of(writing) == CKS_RW_PUBLIC_SESSION);
	FACT(state_of(later) == CKS_RO_PUBLIC_SESSION);
	BUT("C_Logout without a login", C_Logout(later), CKR_USER_NOT_LOGGED_IN);

	/* With the last session the login ends: by one call for each, and by one for all. */
	IS(C_Login(later, CKU_USER, text, length), CKR_OK);
	IS(C_CloseSession(later), CKR_OK);
	IS(C_CloseSession(writing), CKR_OK);
	reading = spec_public_session(0);
	FACT(state_of(reading) == CKS_RO_PUBLIC_SESSION);
	IS(C_Login(reading, CKU_USER, text, length), CKR_OK);
	IS(C_CloseAllSessions(spec_slot()), CKR_OK);
	reading = spec_public_session(0);
	FACT(state_of(reading) == CKS_RO_PUBLIC_SESSION);
}

/* 4.9: to authenticate anew is for keys that ask for it; the operation goes on undisturbed. */
static void test_context_login(void **state)
{
	CK_SESSION_HANDLE session = spec_session(0);
	CK_OBJECT_HANDLE key = spec_ec(session, CKO_PRIVATE_KEY);
	CK_MECHANISM mechanism = { CKM_ECDSA, NULL, 0 };
	const char *pin = spec_setting("SPEC_PIN", "0000");
	CK_BYTE data[32] = { 7 }, signature[64];
	CK_ULONG length = sizeof(signature);

	FACT(!spec_bool(session, key, CKA_ALWAYS_AUTHENTICATE));
	IS(C_SignInit(session, &mechanism, key), CKR_OK);
	IS(C_Login(session, CKU_CONTEXT_SPECIFIC, (CK_UTF8CHAR *)pin, strlen(pin)),
	   CKR_OPERATION_NOT_INITIALIZED);
	IS(C_Sign(session, data, sizeof(data), signature, &length), CKR_OK);
}

/* What a user may see only after a login is not there before it, and gone after a logout, for ever
 * (4.4, CKA_PRIVATE; 5.6, C_Logout; 5.7, C_FindObjectsInit). A token without a login has no such
 * thing.
 */
static void test_private_objects(void **state)
{
	CK_SESSION_HANDLE session = spec_session(0);
	CK_OBJECT_HANDLE key = spec_ec(session, CKO_PRIVATE_KEY);
	CK_OBJECT_HANDLE public_key = spec_ec(session, CKO_PUBLIC_KEY);
	CK_BBOOL value;
	CK_ATTRIBUTE attribute = { CKA_SIGN, BYTES_OF(value) };
	CK_MECHANISM mechanism = { CKM_ECDSA, NULL, 0 };
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE template = { CKA_CLASS, BYTES_OF(class) };
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE hidden = { CKA_PRIVATE, BYTES_OF(yes) };

	FACT(spec_bool(session, key, CKA_PRIVATE) == spec_needs_login());
	if (!spec_needs_login())
		IS(C_Login(session, CKU_USER, NULL, 0), CKR_OK);
	IS(C_Logout(session), CKR_OK);
	FACT(spec_count(session, &hidden, 1, NULL) == 0);
	if (spec_needs_login()) {
		FACT(spec_bool(session, public_key, CKA_PRIVATE) == false);
		FACT(spec_count(session, &template, 1, NULL) == 0);
		IS(C_GetAttributeValue(session, key, &attribute, 1), CKR_OBJECT_HANDLE_INVALID);
		IS(C_SignInit(session, &mechanism, key), CKR_KEY_HANDLE_INVALID,
		   CKR_USER_NOT_LOGGED_IN, CKR_OBJECT_HANDLE_INVALID);
		spec_login(session);
		IS(C_GetAttributeValue(session, key, &attribute, 1), CKR_OBJECT_HANDLE_INVALID);
		key = spec_ec(session, CKO_PRIVATE_KEY);
	}
	IS(C_GetAttributeValue(session, key, &attribute, 1), CKR_OK);
	IS(C_SignInit(session, &mechanism, key), CKR_OK);
}

static void test_operation_state(void **state)
{
	CK_SESSION_HANDLE session = spec_session(0);
	CK_MECHANISM mechanism = { CKM_SHA256_RSA_PKCS, NULL, 0 };
	CK_ULONG length = 0;

	BUT("C_GetOperationState", C_GetOperationState(session, NULL, NULL), CKR_ARGUMENTS_BAD);
	BUT("C_GetOperationState", C_GetOperationState(session, NULL, &length),
	    CKR_OPERATION_NOT_INITIALIZED);
	/* A search is not a cryptographic operation. */
	IS(C_FindObjectsInit(session, NULL, 0), CKR_OK);
	BUT("C_GetOperationState", C_GetOperationState(session, NULL, &length),
	    CKR_OPERATION_NOT_INITIALIZED);
	IS(C_FindObjectsFinal(session), CKR_OK);
	IS(C_SignInit(session, &mechanism, spec_rsa(session, CKO_PRIVATE_KEY)), CKR_OK);
	BUT("C_GetOperationState", C_GetOperationState(session, NULL, &length), CKR_OK,
	    CKR_STATE_UNSAVEABLE);
	IS(C_SetOperationState(session, NULL, 0, 0, 0), CKR_FUNCTION_NOT_SUPPORTED,
	   CKR_ARGUMENTS_BAD);
}

/* Operations belong to their session, and end with it alone. */
static void test_closed_under_operation(void **state)
{
	CK_SESSION_HANDLE session = spec_session(0), other = spec_session(0);
	CK_OBJECT_HANDLE key = spec_rsa(session, CKO_PRIVATE_KEY), found;
	CK_MECHANISM mechanism = { CKM_SHA256_RSA_PKCS, NULL, 0 };
	CK_BYTE data[100] = { 1 }, signature[256];
	CK_ULONG length = sizeof(signature), count;

	IS(C_SignInit(session, &mechanism, key), CKR_OK);
	IS(C_SignUpdate(session, data, sizeof(data)), CKR_OK);
	IS(C_FindObjectsInit(session, NULL, 0), CKR_OK, CKR_OPERATION_ACTIVE);
	IS(C_SignInit(other, &mechanism, key), CKR_OK);
	IS(C_SignUpdate(other, data, sizeof(data)), CKR_OK);
	IS(C_CloseSession(session), CKR_OK);
	IS(C_SignUpdate(session, data, sizeof(data)), CKR_SESSION_HANDLE_INVALID);
	IS(C_SignFinal(session, signature, &length), CKR_SESSION_HANDLE_INVALID);
	IS(C_FindObjects(session, &found, 1, &count), CKR_SESSION_HANDLE_INVALID);
	IS(C_SignFinal(other, signature, &length), CKR_OK);
	IS(C_SignInit(other, &mechanism, key), CKR_OK);
	IS(C_CloseAllSessions(spec_slot()), CKR_OK);
	IS(C_Sign(other, data, sizeof(data), signature, &length), CKR_SESSION_HANDLE_INVALID);
	/* A new session begins with none. */
	session = spec_session(0);
	IS(C_SignFinal(session, signature, &length), CKR_OPERATION_NOT_INITIALIZED);
	IS(C_FindObjectsFinal(session), CKR_OPERATION_NOT_INITIALIZED);
}

SPEC_MAIN("session", TEST(test_open), TEST(test_login), TEST(test_context_login),
	  TEST(test_private_objects), TEST(test_operation_state), TEST(test_closed_under_operation))
