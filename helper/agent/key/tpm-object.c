/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys that the TPM has, or can have again: see tpm-object.h. */
#include <string.h>
#include <tss2/tss2_mu.h>
#include "tpm-object.h"
#include "tpm-rc.h"
#include "tpm-wrapped.h"

/* The kernel's resource manager has three places for each who opens it, and breaks off at a fourth
 * (drivers/char/tpm/tpm2-space.c); one of them is for a storage key. */
#define LOADED_MAX 2

static void unref(struct tpm_object *object)
{
	if (!g_atomic_ref_count_dec(&object->references))
		return;
	Esys_Free(object->context);
	secret_wipe(&object->auth, sizeof(object->auth));
	g_free(object);
}

static bool is_loaded(const struct tpm *tpm, const struct tpm_object *object)
{
	return object->handle != ESYS_TR_NONE && object->connected == tpm->connected;
}

/* --- out of the TPM */

static void take_out(struct tpm *tpm, struct tpm_object *object)
{
	static const TPM2B_AUTH nothing;

	g_queue_unlink(&tpm->loaded, &object->link);
	/* ESYS keeps a copy of it. */
	(void)Esys_TR_SetAuth(tpm->esys, object->handle, &nothing);
	Esys_FlushContext(tpm->esys, object->handle);
	object->handle = ESYS_TR_NONE;
}

static void forget_context(struct tpm_object *object)
{
	g_clear_pointer(&object->context, Esys_Free);
}

void tpm_object_flush(struct tpm *tpm, struct tpm_object *object)
{
	if (is_loaded(tpm, object))
		take_out(tpm, object);
	forget_context(object);
}

/* The key that was used longest ago makes room. Its context, unlike a session's, can be loaded as
 * often as it is wanted, and is saved once. Without one it is loaded from its file again. */
static void put_out_oldest(struct tpm *tpm)
{
	struct tpm_object *object = g_queue_peek_tail(&tpm->loaded);
	gint64 until = 0;
	TSS2_RC rc;

	if (!object->context) {
		do
			rc = Esys_ContextSave(tpm->esys, object->handle, &object->context);
		while (tpm_is_busy(rc, &until));
		if (rc != TSS2_RC_SUCCESS)
			object->context = NULL;
	}
	take_out(tpm, object);
}

bool tpm_object_make_room(struct tpm *tpm, TSS2_RC rc)
{
	if (!tpm_rc_is(rc, TPM2_RC_OBJECT_MEMORY))
		return false;
	if (tpm->loaded.length == 0)
		return tpm_flush_strays(tpm, rc);
	put_out_oldest(tpm);
	return true;
}

/* --- and in again */

static TSS2_RC take_in(struct tpm *tpm, struct tpm_object *object)
{
	TSS2_RC rc;

	object->connected = tpm->connected;
	object->link.data = object;
	g_queue_push_head_link(&tpm->loaded, &object->link);
	rc = Esys_TR_SetAuth(tpm->esys, object->handle, &object->auth);
	if (rc != TSS2_RC_SUCCESS)
		take_out(tpm, object);
	return rc;
}

/* No HMAC vouches for the handle that came with an answer (part 1, 16.8: its parameters alone are
 * hashed), and another key would sign as well. */
static bool is_itself(struct tpm *tpm, const struct tpm_object *object)
{
	TPM2B_PUBLIC *public = NULL;
	bool same = Esys_ReadPublic(tpm->esys, object->handle, ESYS_TR_NONE, ESYS_TR_NONE,
				    ESYS_TR_NONE, &public, NULL, NULL) == TSS2_RC_SUCCESS &&
		    tpm_same_area(public, &object->public);

	Esys_Free(public);
	return same;
}

/* What the TPM had itself. One that was reset since then does not take it, which is no trouble. */
static bool load_context(struct tpm *tpm, struct tpm_object *object, gint64 *until)
{
	TSS2_RC rc;

	if (object->context && object->connected == tpm->connected) {
		do
			rc = Esys_ContextLoad(tpm->esys, object->context, &object->handle);
		while (tpm_is_busy(rc, until) || tpm_object_make_room(tpm, rc));
		if (rc == TSS2_RC_SUCCESS && !is_itself(tpm, object))
			Esys_TR_Close(tpm->esys, &object->handle);
		else if (rc == TSS2_RC_SUCCESS && take_in(tpm, object) == TSS2_RC_SUCCESS)
			return true;
		object->handle = ESYS_TR_NONE;
	}
	forget_context(object);
	return false;
}

static TSS2_RC load_below(struct tpm *tpm, struct tpm_object *object,
			  const struct tpm_parent *parent, gint64 *until,
			  struct tpm_trouble *trouble)
{
	ESYS_TR session = tpm_session(tpm, parent, true, trouble);
	TSS2_RC rc;

	if (session == ESYS_TR_NONE)
		return TSS2_ESYS_RC_GENERAL_FAILURE;
	do
		rc = Esys_Load(tpm->esys, parent->handle, session, ESYS_TR_NONE, ESYS_TR_NONE,
			       &object->private, &object->public, &object->handle);
	while (tpm_is_busy(rc, until) || tpm_object_make_room(tpm, rc));
	if (rc != TSS2_RC_SUCCESS) {
		object->handle = ESYS_TR_NONE;
		tpm_trouble_rc(trouble, rc, "the key can't be loaded");
		return rc;
	}
	if (!is_itself(tpm, object)) {
		Esys_TR_Close(tpm->esys, &object->handle);
		object->handle = ESYS_TR_NONE;
		tpm_trouble(trouble, DEVID_FAILED, NULL, "TPM: what it has loaded is not the key");
		return TSS2_ESYS_RC_MALFORMED_RESPONSE;
	}
	g_strlcpy(object->below, parent->name, sizeof(object->below));
	rc = take_in(tpm, object);
	if (rc != TSS2_RC_SUCCESS)
		tpm_trouble_rc(trouble, rc, "the key's authorisation");
	return rc;
}

/* Nothing is said to a storage key that is not the one that is known: it may be anybody's, between
 * this machine and its TPM. */
static bool may_lie_below(const struct tpm_object *object, const struct tpm_parent *parent,
			  struct tpm_trouble *trouble)
{
	return !*object->below || strcmp(object->below, parent->name) == 0 ||
	       tpm_trouble(trouble, DEVID_KEY_MISSING, "tpm-other",
			   "TPM: its storage key is another one than before: it was cleared or "
			   "replaced");
}

/* A file that names the owner's primary may mean the storage root key: it is the same key where the
 * machine was set up by the same template. */
bool tpm_object_load(struct tpm *tpm, struct tpm_object *object, struct tpm_trouble *trouble)
{
	const struct tpm_parent *srk, *owner;
	TSS2_RC rc = TPM2_RC_INTEGRITY;
	gint64 until = 0;

	if (is_loaded(tpm, object)) {
		g_queue_unlink(&tpm->loaded, &object->link);
		g_queue_push_head_link(&tpm->loaded, &object->link);
		return true;
	}
	tpm->make_room = tpm_object_make_room;
	while (tpm->loaded.length >= LOADED_MAX)
		put_out_oldest(tpm);
	if (load_context(tpm, object, &until))
		return true;
	srk = tpm_srk(tpm);
	if (srk && may_lie_below(object, srk, trouble))
		rc = load_below(tpm, object, srk, &until, trouble);
	else if (!srk)
		tpm_trouble(trouble, DEVID_KEY_MISSING, "tpm-other",
			    "TPM: the storage root key 0x81000001 is not there any more");
	if (tpm_rc_is(rc, TPM2_RC_INTEGRITY) && object->parent == TPM_PARENT_OWNER) {
		owner = tpm_owner(tpm, trouble);
		if (owner && may_lie_below(object, owner, trouble))
			rc = load_below(tpm, object, owner, &until, trouble);
	}
	return rc == TSS2_RC_SUCCESS;
}

/* --- what is asked */

static bool run_load(struct tpm *tpm, struct tpm_work *work, struct tpm_trouble *trouble)
{
	return tpm_object_load(tpm, ((struct tpm_task *)work)->object, trouble);
}

static bool run_unload(struct tpm *tpm, struct tpm_work *work, struct tpm_trouble *trouble)
{
	tpm_object_flush(tpm, ((struct tpm_task *)work)->object);
	return true;
}

static bool run_end(struct tpm *tpm, struct tpm_work *work, struct tpm_trouble *trouble)
{
	while (tpm->loaded.length > 0)
		tpm_object_flush(tpm, g_queue_peek_tail(&tpm->loaded));
	tpm_disconnect(tpm);
	return true;
}

static void task_free(struct tpm_work *work)
{
	struct tpm_task *task = (struct tpm_task *)work;

	if (task->clear)
		task->clear(task);
	if (task->object)
		unref(task->object);
	g_free(task);
}

void *tpm_task_new(gsize size,
		   bool (*run)(struct tpm *tpm, struct tpm_work *work, struct tpm_trouble *trouble),
		   struct tpm_object *object)
{
	struct tpm_task *task = g_malloc0(size);

	tpm_work_init(&task->work, run, task_free);
	task->object = object;
	if (object)
		g_atomic_ref_count_inc(&object->references);
	return task;
}

void tpm_object_close(struct tpm_object *object)
{
	struct tpm_task *task = tpm_task_new(sizeof(*task), run_unload, object);

	task->work.if_connected = true;
	unref(object);
	tpm_work_begin(&task->work);
}

struct tpm_object *tpm_object_new(const struct secret *auth)
{
	struct tpm_object *object = g_new0(struct tpm_object, 1);

	g_atomic_ref_count_init(&object->references);
	object->handle = ESYS_TR_NONE;
	object->auth.size = (UINT16)MIN(auth->length, sizeof(object->auth.buffer));
	if (object->auth.size > 0)
		memcpy(object->auth.buffer, auth->data, object->auth.size);
	return object;
}

static bool unmarshal(const struct tpm_file *file, struct tpm_object *object)
{
	gsize length = 0;
	const guint8 *data = g_bytes_get_data(file->private, &length);
	size_t offset = 0;

	return tpm_unmarshal_public(file->public, &object->public) &&
	       Tss2_MU_TPM2B_PRIVATE_Unmarshal(data, length, &offset, &object->private) ==
		       TSS2_RC_SUCCESS &&
	       offset == length;
}

struct tpm_object *tpm_object_open(struct tpm_file *file, const struct secret *auth,
				   const struct key_patience *patience, EVP_PKEY **public,
				   struct tpm_trouble *trouble)
{
	struct tpm_object *object = tpm_object_new(auth);
	struct tpm_task *task = tpm_task_new(sizeof(*task), run_load, object);
	EVP_PKEY *pkey = NULL;
	bool good;

	object->parent = file->parent;
	g_strlcpy(object->below, file->below, sizeof(object->below));
	if (!unmarshal(file, object))
		good = tpm_trouble(trouble, DEVID_BAD_DATA, NULL, "TPM key: its file is damaged");
	else
		good = (pkey = tpm_wrapped_judge(&object->public, true, trouble)) != NULL &&
		       tpm_work_do(&task->work, TPM_BOUND_MS, patience, trouble);
	tpm_work_unref(&task->work);
	if (!good) {
		EVP_PKEY_free(pkey);
		tpm_object_close(object);
		return NULL;
	}
	g_strlcpy(file->below, object->below, sizeof(file->below));
	*public = pkey;
	return object;
}

void tpm_object_end(void)
{
	struct tpm_task *task = tpm_task_new(sizeof(*task), run_end, NULL);

	task->work.if_connected = true;
	tpm_work_do(&task->work, TPM_END_BOUND_MS, NULL, NULL);
	tpm_work_unref(&task->work);
}
