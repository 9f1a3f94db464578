/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Objects as sessions see them: PKCS#11 Base v2.40 section 5.7. All functions want the library's
 * lock; a search on the system token, and what changes objects, gives it up meanwhile.
 */
#pragma once

#include "session.h"

/* object.c: looking */
CK_RV object_search_begin(struct session *session, const CK_ATTRIBUTE *template, CK_ULONG count);
CK_RV object_search_next(struct session *session, CK_OBJECT_HANDLE *objects, CK_ULONG room,
			 CK_ULONG *count);
CK_RV object_search_end(struct session *session);
CK_RV object_read(const struct session *session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *template,
		  CK_ULONG count);
CK_RV object_size(const struct session *session, CK_OBJECT_HANDLE object, CK_ULONG *size);
