/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sessions: see session.h. */
#include <internal/cleanup.h>
#include "session.h"
#include "slot.h"

/* By growing handle: new ones are added at the end, so looking one up is a binary search. */
static struct session **sessions;
static size_t session_total, session_room;
static bool logged_in[TOKEN_COUNT];

/* Grows for as long as the process lives, over C_Finalize too. */
static CK_SESSION_HANDLE last_handle;

static size_t position_of(CK_SESSION_HANDLE handle)
{
	size_t low = 0, high = session_total;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (sessions[middle]->handle < handle)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct session *session_find(CK_SESSION_HANDLE handle)
{
	size_t position = position_of(handle);

	if (position == session_total || sessions[position]->handle != handle)
		return NULL;
	return sessions[position];
}

CK_RV session_open(CK_SLOT_ID slot, CK_FLAGS flags, CK_SESSION_HANDLE *handle)
{
	struct session *session, **all;

	if (!slot_exists(slot))
		return CKR_SLOT_ID_INVALID;
	if (!handle)
		return CKR_ARGUMENTS_BAD;
	if (!(flags & CKF_SERIAL_SESSION))
		return CKR_SESSION_PARALLEL_NOT_SUPPORTED;
	all = make_room(sessions, session_total, &session_room, sizeof(session));
	if (!all)
		return CKR_HOST_MEMORY;
	sessions = all;
	session = calloc(1, sizeof(*session));
	if (!session)
		return CKR_HOST_MEMORY;
	session->handle = ++last_handle;
	session->scope = (enum scope)slot;
	session->flags = flags & (CKF_SERIAL_SESSION | CKF_RW_SESSION);
	sessions[session_total++] = session;
	*handle = session->handle;
	return CKR_OK;
}

static void session_free(struct session *session)
{
	operation_clear(&session->sign);
	free(session->search.handles);
	free(session);
}

void session_count(enum scope scope, CK_ULONG *all, CK_ULONG *writing)
{
	*all = *writing = 0;
	for (size_t i = 0; i < session_total; i++) {
		if (sessions[i]->scope != scope)
			continue;
		++*all;
		*writing += !!(sessions[i]->flags & CKF_RW_SESSION);
	}
}

/* With the last session of a token its login ends (section 5.6, C_CloseSession). */
static void end_login(enum scope scope)
{
	CK_ULONG all, writing;

	session_count(scope, &all, &writing);
	if (all == 0)
		logged_in[scope] = false;
}

CK_RV session_close(struct session *session)
{
	size_t position = position_of(session->handle);
	enum scope scope = session->scope;

	session_free(session);
	memmove(&sessions[position], &sessions[position + 1],
		(--session_total - position) * sizeof(*sessions));
	end_login(scope);
	return CKR_OK;
}

CK_RV session_close_all(CK_SLOT_ID slot)
{
	size_t kept = 0;

	if (!slot_exists(slot))
		return CKR_SLOT_ID_INVALID;
	for (size_t i = 0; i < session_total; i++)
		if (sessions[i]->scope == (enum scope)slot)
			session_free(sessions[i]);
		else
			sessions[kept++] = sessions[i];
	session_total = kept;
	logged_in[slot] = false;
	return CKR_OK;
}

CK_RV session_info(const struct session *session, CK_SESSION_INFO *info)
{
	bool writing;

	if (!info)
		return CKR_ARGUMENTS_BAD;
	writing = session->flags & CKF_RW_SESSION;
	info->slotID = session->scope;
	info->flags = session->flags;
	info->ulDeviceError = 0;
	if (logged_in[session->scope])
		info->state = writing ? CKS_RW_USER_FUNCTIONS : CKS_RO_USER_FUNCTIONS;
	else
		info->state = writing ? CKS_RW_PUBLIC_SESSION : CKS_RO_PUBLIC_SESSION;
	return CKR_OK;
}

/* No CKF_LOGIN_REQUIRED: the keyring does the asking. Clients that log in all the same are let in,
 * whatever they bring for a PIN; the token has no security officer.
 */
CK_RV session_login(const struct session *session, CK_USER_TYPE user, bool pin_given)
{
	if (!pin_given)
		return CKR_ARGUMENTS_BAD;
	/* No key here has CKA_ALWAYS_AUTHENTICATE; an operation under way goes on (section 4.9). */
	if (user == CKU_CONTEXT_SPECIFIC)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (user != CKU_USER)
		return CKR_USER_TYPE_INVALID;
	if (logged_in[session->scope])
		return CKR_USER_ALREADY_LOGGED_IN;
	logged_in[session->scope] = true;
	return CKR_OK;
}

CK_RV session_logout(const struct session *session)
{
	if (!logged_in[session->scope])
		return CKR_USER_NOT_LOGGED_IN;
	logged_in[session->scope] = false;
	return CKR_OK;
}

void session_forget(bool whole)
{
	for (size_t i = 0; whole && i < session_total; i++)
		session_free(sessions[i]);
	if (whole)
		free(sessions);
	sessions = NULL;
	session_total = session_room = 0;
	memset(logged_in, 0, sizeof(logged_in));
}
