/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sessions: PKCS#11 Base v2.40 section 5.6. All functions want the library's lock. */
#pragma once

#include <internal/path.h>
#include <p11-kit/pkcs11.h>
#include "operation.h"

struct session {
	CK_SESSION_HANDLE handle;
	enum scope scope;
	CK_FLAGS flags;
	struct {
		bool active;
		CK_OBJECT_HANDLE *handles;
		size_t count, next;
	} search;
	struct operation sign;
};

CK_RV session_open(CK_SLOT_ID slot, CK_FLAGS flags, CK_SESSION_HANDLE *handle);
CK_RV session_close(struct session *session);
CK_RV session_close_all(CK_SLOT_ID slot);
CK_RV session_info(const struct session *session, CK_SESSION_INFO *info);
/* `pin_given` false: a length, and nothing there. */
CK_RV session_login(const struct session *session, CK_USER_TYPE user, bool pin_given);
CK_RV session_logout(const struct session *session);

/* NULL: no such session. A pointer is good until the lock is given up. */
struct session *session_find(CK_SESSION_HANDLE handle);
/* How many are open, and how many of them read-write. */
void session_count(enum scope scope, CK_ULONG *all, CK_ULONG *writing);

/* C_Finalize, and a forked child: drops all; `whole` false: lets them lie (see agent_forget()). */
void session_forget(bool whole);
