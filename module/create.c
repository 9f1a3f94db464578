/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Objects made, changed and destroyed: each is one request to the agent, which writes. See
 * object.h. */
#include <internal/cleanup.h>
#include "agent.h"
#include "attribute-template.h"
#include "error.h"
#include "create.h"
#include "mechanism.h"
#include "session.h"

/* A WRITE, GENERATE, REMOVE or RENAME under way, of an object of `creation.class`. The caller's
 * template lives until its call returns. */
struct change {
	enum wire_type type;
	const CK_ATTRIBUTE *template;
	CK_ULONG count;
	struct attribute_creation creation;
	struct attribute_generation generation;
	char name[RECORD_NAME_LENGTH +
		  1]; /* of the record; from the answer to a WRITE, a GENERATE */
	struct bytes label, id;
};

static enum devid_result build_write(struct wire_frame *request, const void *data)
{
	const struct change *change = data;

	wire_begin(request, WIRE_WRITE);
	wire_put_u32(request, TAG_OBJECT, change->creation.class);
	if (change->creation.class != OBJECT_CERTIFICATE)
		wire_put_u32(request, TAG_KEY_TYPE, change->creation.key_type);
	attribute_put_creation(request, change->template, change->count, change->creation.kind);
	return wire_finish(request);
}

static void put_name(struct wire_frame *request, enum wire_tag tag, struct bytes name)
{
	if (name.length > 0)
		wire_put(request, tag, name.data, name.length);
}

static enum devid_result build_generate(struct wire_frame *request, const void *data)
{
	const struct attribute_generation *generation = &((const struct change *)data)->generation;

	wire_begin(request, WIRE_GENERATE);
	wire_put_u32(request, TAG_KEY_TYPE, generation->key_type);
	wire_put_u32(request, TAG_KEY_BITS, generation->bits);
	put_name(request, TAG_ID, generation->id);
	put_name(request, TAG_LABEL, generation->label);
	put_name(request, TAG_PUBLIC_LABEL, generation->public_label);
	return wire_finish(request);
}

static enum devid_result read_written(const struct wire_frame *reply, void *data)
{
	struct change *change = data;
	struct wire_field name;

	if (!wire_get(reply, TAG_NAME, &name) || name.length != RECORD_NAME_LENGTH)
		return DEVID_BAD_DATA;
	memcpy(change->name, name.data, name.length);
	return DEVID_OK;
}

/* A REMOVE or RENAME. */
static enum devid_result build_change(struct wire_frame *request, const void *data)
{
	const struct change *change = data;

	wire_begin(request, change->type);
	wire_put_text(request, TAG_NAME, change->name);
	wire_put_u32(request, TAG_OBJECT, change->creation.class);
	put_name(request, TAG_LABEL, change->label);
	put_name(request, TAG_ID, change->id);
	return wire_finish(request);
}

static CK_RV ask_agent(enum scope scope, const struct agent_request *request)
{
	enum devid_result result = agent_call(scope, request);

	/* Also after a failure: the agent may have done it and died before it said so. */
	if (token_refresh(scope, true) == DEVID_NO_MEMORY && result == DEVID_OK)
		result = DEVID_NO_MEMORY;
	return error_of_change(result);
}

/* The machine's token is root's to change, and write-protected for others, which outranks what a
 * session is (section 5.1.6, CKR_SESSION_READ_ONLY).
 */
static CK_RV check_writable(const struct session *session)
{
	if (session->scope == SCOPE_SYSTEM && geteuid() != 0)
		return CKR_TOKEN_WRITE_PROTECTED;
	return session->flags & CKF_RW_SESSION ? CKR_OK : CKR_SESSION_READ_ONLY;
}

CK_RV create_object(const struct session *session, const CK_ATTRIBUTE *template, CK_ULONG count,
		    CK_OBJECT_HANDLE *made)
{
	struct change change = { .template = template, .count = count };
	const struct agent_request request = { build_write, read_written, &change };
	const struct object *object;
	enum scope scope;
	CK_RV rv;

	if (!template || !made)
		return CKR_ARGUMENTS_BAD;
	rv = attribute_check_creation(template, count, &change.creation);
	if (rv != CKR_OK)
		return rv;
	rv = check_writable(session);
	if (rv != CKR_OK)
		return rv;
	scope = session->scope;
	rv = ask_agent(scope, &request);
	if (rv != CKR_OK)
		return rv;
	object = token_find_record(scope, change.name, change.creation.class);
	if (!object)
		return CKR_FUNCTION_FAILED;
	*made = object->handle;
	return CKR_OK;
}

CK_RV create_pair(const struct session *session, const CK_MECHANISM *mechanism,
		  const struct attribute_pair *pair, CK_OBJECT_HANDLE *public_key,
		  CK_OBJECT_HANDLE *private_key)
{
	struct change change = { .type = WIRE_GENERATE };
	const struct agent_request request = { build_generate, read_written, &change };
	const struct object *public, *private;
	enum scope scope = session->scope;
	enum wire_key_type type;
	CK_RV rv;

	if (!mechanism || !public_key || !private_key ||
	    (!pair->public && pair->public_count > 0) ||
	    (!pair->private && pair->private_count > 0))
		return CKR_ARGUMENTS_BAD;
	rv = mechanism_generate(mechanism, &type);
	if (rv == CKR_OK)
		rv = attribute_check_generation(pair, type, &change.generation);
	if (rv == CKR_OK)
		rv = check_writable(session);
	if (rv == CKR_OK)
		rv = ask_agent(scope, &request);
	if (rv != CKR_OK)
		return rv;
	public = token_find_record(scope, change.name, OBJECT_PUBLIC_KEY);
	private = token_find_record(scope, change.name, OBJECT_PRIVATE_KEY);
	if (!public || !private)
		return CKR_FUNCTION_FAILED;
	*public_key = public->handle;
	*private_key = private->handle;
	return CKR_OK;
}

/* What both ways of changing an object ask first, and say of it. */
static CK_RV find_own(const struct session *session, CK_OBJECT_HANDLE wanted, struct change *change,
		      const struct object **found)
{
	*found = token_look(session->scope, wanted);
	if (!*found)
		return CKR_OBJECT_HANDLE_INVALID;
	/* Its record is another's now. */
	if ((*found)->credential->former)
		return CKR_ACTION_PROHIBITED;
	change->creation.class = (*found)->class;
	memcpy(change->name, (*found)->credential->name, sizeof(change->name));
	return check_writable(session);
}

CK_RV create_change(const struct session *session, CK_OBJECT_HANDLE wanted,
		    const CK_ATTRIBUTE *template, CK_ULONG count)
{
	struct change change = { .type = WIRE_RENAME };
	const struct agent_request request = { build_change, NULL, &change };
	const struct object *object;
	CK_RV rv = find_own(session, wanted, &change, &object);

	if (rv == CKR_OK && !template && count > 0)
		rv = CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK && credential_is_chain(object->credential))
		rv = CKR_ACTION_PROHIBITED; /* CKA_MODIFIABLE is false */
	if (rv == CKR_OK)
		rv = attribute_check_change(object, template, count, &change.label, &change.id);
	if (rv != CKR_OK || (!change.label.data && !change.id.data))
		return rv;
	return ask_agent(session->scope, &request);
}

CK_RV create_destroy(const struct session *session, CK_OBJECT_HANDLE wanted)
{
	struct change change = { .type = WIRE_REMOVE };
	const struct agent_request request = { build_change, NULL, &change };
	const struct object *object;
	CK_RV rv = find_own(session, wanted, &change, &object);

	if (rv != CKR_OK)
		return rv;
	/* CKA_DESTROYABLE is false: it goes with what it came with. */
	if (credential_is_chain(object->credential) || object->class == OBJECT_PUBLIC_KEY)
		return CKR_ACTION_PROHIBITED;
	return ask_agent(session->scope, &request);
}

CK_RV create_copy(const struct session *session, CK_OBJECT_HANDLE wanted,
		  const CK_ATTRIBUTE *template, CK_ULONG count, const CK_OBJECT_HANDLE *copy)
{
	if ((!template && count > 0) || !copy)
		return CKR_ARGUMENTS_BAD;
	if (!token_look(session->scope, wanted))
		return CKR_OBJECT_HANDLE_INVALID;
	return CKR_ACTION_PROHIBITED;
}
