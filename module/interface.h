/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cryptoki 3.0, as far as p11-kit's header before 0.25 lacks it: PKCS#11 Base v3.0, sections 5.4
 * (interfaces) and 5.6 (sessions). Its list of functions is that of 2.40 with 24 more behind it.
 */
#pragma once

#include <p11-kit/pkcs11.h>

#ifndef CKF_INTERFACE_FORK_SAFE
typedef struct ck_interface {
	CK_CHAR *pInterfaceName;
	CK_VOID_PTR pFunctionList;
	CK_FLAGS flags;
} CK_INTERFACE;
#endif
#ifndef CKR_OPERATION_CANCEL_FAILED
#define CKR_OPERATION_CANCEL_FAILED 0x202UL
#endif
#ifndef CKF_FIND_OBJECTS
#define CKF_FIND_OBJECTS 0x40UL
#endif

#define MESSAGE CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_length

CK_RV C_GetInterfaceList(CK_INTERFACE *interfaces, CK_ULONG *count);
CK_RV C_GetInterface(CK_UTF8CHAR *name, CK_VERSION *version, CK_INTERFACE **found, CK_FLAGS flags);
CK_RV C_LoginUser(CK_SESSION_HANDLE session, CK_USER_TYPE type, CK_UTF8CHAR *pin,
		  CK_ULONG pin_length, CK_UTF8CHAR *name, CK_ULONG name_length);
CK_RV C_SessionCancel(CK_SESSION_HANDLE session, CK_FLAGS flags);
CK_RV C_MessageEncryptInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
			   CK_OBJECT_HANDLE key);
CK_RV C_EncryptMessage(MESSAGE, CK_BYTE *associated, CK_ULONG associated_length, CK_BYTE *in,
		       CK_ULONG in_length, CK_BYTE *out, CK_ULONG *out_length);
CK_RV C_EncryptMessageBegin(MESSAGE, CK_BYTE *associated, CK_ULONG associated_length);
CK_RV C_EncryptMessageNext(MESSAGE, CK_BYTE *in, CK_ULONG in_length, CK_BYTE *out,
			   CK_ULONG *out_length, CK_FLAGS flags);
CK_RV C_MessageEncryptFinal(CK_SESSION_HANDLE session);
CK_RV C_MessageDecryptInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
			   CK_OBJECT_HANDLE key);
CK_RV C_DecryptMessage(MESSAGE, CK_BYTE *associated, CK_ULONG associated_length, CK_BYTE *in,
		       CK_ULONG in_length, CK_BYTE *out, CK_ULONG *out_length);
CK_RV C_DecryptMessageBegin(MESSAGE, CK_BYTE *associated, CK_ULONG associated_length);
CK_RV C_DecryptMessageNext(MESSAGE, CK_BYTE *in, CK_ULONG in_length, CK_BYTE *out,
			   CK_ULONG *out_length, CK_FLAGS flags);
CK_RV C_MessageDecryptFinal(CK_SESSION_HANDLE session);
CK_RV C_MessageSignInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
CK_RV C_SignMessage(MESSAGE, CK_BYTE *in, CK_ULONG in_length, CK_BYTE *out, CK_ULONG *out_length);
CK_RV C_SignMessageBegin(MESSAGE);
CK_RV C_SignMessageNext(MESSAGE, CK_BYTE *in, CK_ULONG in_length, CK_BYTE *out,
			CK_ULONG *out_length);
CK_RV C_MessageSignFinal(CK_SESSION_HANDLE session);
CK_RV C_MessageVerifyInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
CK_RV C_VerifyMessage(MESSAGE, CK_BYTE *in, CK_ULONG in_length, CK_BYTE *signature,
		      CK_ULONG signature_length);
CK_RV C_VerifyMessageBegin(MESSAGE);
CK_RV C_VerifyMessageNext(MESSAGE, CK_BYTE *in, CK_ULONG in_length, CK_BYTE *signature,
			  CK_ULONG signature_length);
CK_RV C_MessageVerifyFinal(CK_SESSION_HANDLE session);

#undef MESSAGE

struct functions_3_0 {
	CK_FUNCTION_LIST base;
	__typeof__(C_GetInterfaceList) *C_GetInterfaceList;
	__typeof__(C_GetInterface) *C_GetInterface;
	__typeof__(C_LoginUser) *C_LoginUser;
	__typeof__(C_SessionCancel) *C_SessionCancel;
	__typeof__(C_MessageEncryptInit) *C_MessageEncryptInit;
	__typeof__(C_EncryptMessage) *C_EncryptMessage;
	__typeof__(C_EncryptMessageBegin) *C_EncryptMessageBegin;
	__typeof__(C_EncryptMessageNext) *C_EncryptMessageNext;
	__typeof__(C_MessageEncryptFinal) *C_MessageEncryptFinal;
	__typeof__(C_MessageDecryptInit) *C_MessageDecryptInit;
	__typeof__(C_DecryptMessage) *C_DecryptMessage;
	__typeof__(C_DecryptMessageBegin) *C_DecryptMessageBegin;
	__typeof__(C_DecryptMessageNext) *C_DecryptMessageNext;
	__typeof__(C_MessageDecryptFinal) *C_MessageDecryptFinal;
	__typeof__(C_MessageSignInit) *C_MessageSignInit;
	__typeof__(C_SignMessage) *C_SignMessage;
	__typeof__(C_SignMessageBegin) *C_SignMessageBegin;
	__typeof__(C_SignMessageNext) *C_SignMessageNext;
	__typeof__(C_MessageSignFinal) *C_MessageSignFinal;
	__typeof__(C_MessageVerifyInit) *C_MessageVerifyInit;
	__typeof__(C_VerifyMessage) *C_VerifyMessage;
	__typeof__(C_VerifyMessageBegin) *C_VerifyMessageBegin;
	__typeof__(C_VerifyMessageNext) *C_VerifyMessageNext;
	__typeof__(C_MessageVerifyFinal) *C_MessageVerifyFinal;
};
