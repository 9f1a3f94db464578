/* Objects as sessions see them: PKCS#11 Base v2.40 section 5.7. All functions want the library's
 * lock; a search on the system token, and what changes objects, gives it up meanwhile.
 */
#pragma once

#include <p11-kit/pkcs11.h>

/* object.c: looking */
CK_RV object_search_begin(CK_SESSION_HANDLE session, const CK_ATTRIBUTE *template, CK_ULONG count);
CK_RV object_search_next(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *objects, CK_ULONG room,
			 CK_ULONG *count);
CK_RV object_search_end(CK_SESSION_HANDLE session);
CK_RV object_read(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *template,
		  CK_ULONG count);
CK_RV object_size(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ULONG *size);
