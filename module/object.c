/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Searching and reading objects: see object.h. */
#include <internal/cleanup.h>
#include "agent.h"
#include "attribute.h"
#include "error.h"
#include "library.h"
#include "object.h"
#include "session.h"

/* Private keys of the machine are hidden from those for whom its agent doesn't sign. */
static bool shows_private_keys(enum scope scope, const CK_ATTRIBUTE *template, CK_ULONG count)
{
	if (scope == SCOPE_USER || !attribute_allows_class(template, count, OBJECT_PRIVATE_KEY) ||
	    !token_has_private_keys(scope))
		return true;
	return agent_may_sign_system();
}

static CK_RV collect(struct session *session, const CK_ATTRIBUTE *template, CK_ULONG count,
		     bool private_keys)
{
	AUTO_FREE const struct object **found = NULL;
	const struct object *objects;
	size_t total, kept = 0;

	objects = token_objects(session->scope, &total);
	found = calloc(total + 1, sizeof(*found));
	if (!found)
		return CKR_HOST_MEMORY;
	for (size_t i = 0; i < total; i++)
		if (!objects[i].credential->former &&
		    (private_keys || objects[i].class != OBJECT_PRIVATE_KEY))
			found[kept++] = &objects[i];
	kept = attribute_filter(found, kept, template, count);
	session->search.handles = calloc(kept + 1, sizeof(*session->search.handles));
	if (!session->search.handles)
		return CKR_HOST_MEMORY;
	for (size_t i = 0; i < kept; i++)
		session->search.handles[i] = found[i]->handle;
	session->search.count = kept;
	session->search.next = 0;
	session->search.active = true;
	return CKR_OK;
}

CK_RV object_search_begin(struct session *session, const CK_ATTRIBUTE *template, CK_ULONG count)
{
	CK_SESSION_HANDLE handle = session->handle;
	enum devid_result result;
	bool private_keys;
	CK_RV rv;

	if (!template && count > 0)
		return CKR_ARGUMENTS_BAD;
	if (session->search.active)
		return CKR_OPERATION_ACTIVE;
	rv = attribute_check_pointers(template, count);
	if (rv != CKR_OK)
		return rv;
	result = token_refresh(session->scope, false);
	if (result != DEVID_OK)
		return error_of_use(result);
	private_keys = shows_private_keys(session->scope, template, count);
	session = session_find(handle); /* it may have been closed meanwhile */
	if (!session)
		return library_is_ending() ? CKR_CRYPTOKI_NOT_INITIALIZED : CKR_SESSION_CLOSED;
	if (session->search.active)
		return CKR_OPERATION_ACTIVE;
	return collect(session, template, count, private_keys);
}

/* What has gone since the search began is left out: who destroys what he finds meets no ghosts. */
CK_RV object_search_next(struct session *session, CK_OBJECT_HANDLE *objects, CK_ULONG room,
			 CK_ULONG *count)
{
	if (!count || (!objects && room > 0))
		return CKR_ARGUMENTS_BAD;
	if (!session->search.active)
		return CKR_OPERATION_NOT_INITIALIZED;
	*count = 0;
	while (*count < room && session->search.next < session->search.count) {
		const struct object *next =
			token_find(session->scope, session->search.handles[session->search.next++]);

		if (next && !next->credential->former)
			objects[(*count)++] = next->handle;
	}
	return CKR_OK;
}

CK_RV object_search_end(struct session *session)
{
	if (!session->search.active)
		return CKR_OPERATION_NOT_INITIALIZED;
	free(session->search.handles);
	session->search.handles = NULL;
	session->search.active = false;
	return CKR_OK;
}

CK_RV object_read(const struct session *session, CK_OBJECT_HANDLE wanted, CK_ATTRIBUTE *template,
		  CK_ULONG count)
{
	const struct object *object;

	if (!template && count > 0)
		return CKR_ARGUMENTS_BAD;
	object = token_look(session->scope, wanted);
	return object ? attribute_read(object, template, count) : CKR_OBJECT_HANDLE_INVALID;
}

CK_RV object_size(const struct session *session, CK_OBJECT_HANDLE wanted, CK_ULONG *size)
{
	const struct object *object;

	if (!size)
		return CKR_ARGUMENTS_BAD;
	object = token_look(session->scope, wanted);
	if (!object)
		return CKR_OBJECT_HANDLE_INVALID;
	*size = attribute_size(object);
	return CKR_OK;
}
