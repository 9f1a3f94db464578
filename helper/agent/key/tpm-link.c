/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The TPM's thread, its connection, storage keys and session: see tpm-link.h. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <openssl/err.h>
#include <internal/record.h>
#include <internal/test-hook.h>
#include <tss2/tss2_sys.h>
#include <tss2/tss2_tctildr.h>
#include "tpm-file.h"
#include "tpm-link.h"
#include "tpm-rc.h"
#include "tpm-trouble.h"
#include "tpm-wrap.h"

#define DEVICE	  "/dev/tpmrm0"
#define TICK_MS	  2000
#define BUSY_MS	  4000
#define BUSY_STEP 10

/* TSS's own names of them shift into a sign bit. */
#define FIRST_TRANSIENT 0x80000000u
#define FIRST_SESSION	0x02000000u

/* A storage key signs nothing and opens what lies below it. */
#define STORAGE_BITS (TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT)

bool tpm_is_busy(TSS2_RC rc, gint64 *until)
{
	gint64 now = g_get_monotonic_time();

	if (!tpm_rc_is(rc, TPM2_RC_RETRY) && !tpm_rc_is(rc, TPM2_RC_YIELDED) &&
	    !tpm_rc_is(rc, TPM2_RC_TESTING))
		return false;
	if (*until == 0)
		*until = now + BUSY_MS * G_TIME_SPAN_MILLISECOND;
	if (now >= *until)
		return false;
	g_usleep(BUSY_STEP * 1000);
	return true;
}

/* The storage key of the owner's hierarchy that everybody makes ("H-2"): its coordinates are empty.
 */
static const TPM2B_PUBLIC standard = {
	.publicArea = {
		.type = TPM2_ALG_ECC,
		.nameAlg = TPM2_ALG_SHA256,
		.objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
				    TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH |
				    TPMA_OBJECT_NODA | STORAGE_BITS,
		.parameters.eccDetail = {
			.symmetric = { .algorithm = TPM2_ALG_AES,
				       .keyBits.aes = 128,
				       .mode.aes = TPM2_ALG_CFB },
			.scheme.scheme = TPM2_ALG_NULL,
			.curveID = TPM2_ECC_NIST_P256,
			.kdf.scheme = TPM2_ALG_NULL,
		},
	},
};

/* --- what a killed agent left */

/* A storage key of the standard template, or a key as an import makes it. */
static bool looks_like_ours(struct tpm *tpm, ESYS_TR handle)
{
	TPM2B_PUBLIC *public = NULL;
	TPMA_OBJECT bits;

	if (Esys_ReadPublic(tpm->esys, handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &public,
			    NULL, NULL) != TSS2_RC_SUCCESS)
		return false;
	bits = public->publicArea.objectAttributes;
	Esys_Free(public);
	return bits == standard.publicArea.objectAttributes || bits == TPM_KEY_BITS ||
	       bits == (TPM_KEY_BITS | TPM_KEY_BORN_BITS);
}

/* What this connection has itself. Keys are out of the way: one of them would have made room. */
static bool is_in_use(struct tpm *tpm, TPM2_HANDLE found)
{
	const ESYS_TR own[] = { tpm->owner.handle, tpm->session };
	TPM2_HANDLE handle = 0;

	if (found == tpm->hmac_session)
		return true;
	for (gsize i = 0; i < G_N_ELEMENTS(own); i++)
		if (own[i] != ESYS_TR_NONE &&
		    Esys_TR_GetTpmHandle(tpm->esys, own[i], &handle) == TSS2_RC_SUCCESS &&
		    handle == found)
			return true;
	return false;
}

static guint flush_from(struct tpm *tpm, TPM2_HANDLE first, bool all)
{
	TPMS_CAPABILITY_DATA *data = NULL;
	TPMI_YES_NO more = 0;
	guint flushed = 0;

	if (Esys_GetCapability(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
			       TPM2_CAP_HANDLES, first, TPM2_MAX_CAP_HANDLES, &more,
			       &data) != TSS2_RC_SUCCESS)
		return 0;
	for (UINT32 i = 0; i < data->data.handles.count; i++) {
		ESYS_TR handle = ESYS_TR_NONE;

		if (is_in_use(tpm, data->data.handles.handle[i]) ||
		    Esys_TR_FromTPMPublic(tpm->esys, data->data.handles.handle[i], ESYS_TR_NONE,
					  ESYS_TR_NONE, ESYS_TR_NONE, &handle) != TSS2_RC_SUCCESS)
			continue;
		if ((all || looks_like_ours(tpm, handle)) &&
		    Esys_FlushContext(tpm->esys, handle) == TSS2_RC_SUCCESS)
			flushed++;
		else
			Esys_TR_Close(tpm->esys, &handle);
	}
	Esys_Free(data);
	return flushed;
}

bool tpm_flush_strays(struct tpm *tpm, TSS2_RC rc)
{
	bool sessions = tpm_rc_is(rc, TPM2_RC_SESSION_MEMORY);
	bool *flushed = sessions ? &tpm->flushed_sessions : &tpm->flushed_objects;

	if (*flushed || (!sessions && !tpm_rc_is(rc, TPM2_RC_OBJECT_MEMORY)))
		return false;
	*flushed = true;
	/* Sessions don't tell whose they are; another agent's makes itself a new one. */
	return flush_from(tpm, sessions ? FIRST_SESSION : FIRST_TRANSIENT, sessions) > 0;
}

/* --- the connection */

static void forget_parent(struct tpm_parent *parent)
{
	parent->handle = ESYS_TR_NONE;
	g_clear_pointer(&parent->public, Esys_Free);
	*parent->name = '\0';
}

/* By what it is, not by what the TPM says that it is called. */
static const struct tpm_parent *name_parent(struct tpm_parent *parent)
{
	g_autoptr(GBytes) name = tpm_wrap_name(&parent->public->publicArea);
	gsize length = 0;
	const guint8 *bytes = name ? g_bytes_get_data(name, &length) : NULL;

	if (bytes && 2 * length < sizeof(parent->name))
		hex_encode(bytes, length, parent->name);
	return parent;
}

static void end_session(struct tpm *tpm)
{
	if (tpm->esys && tpm->session != ESYS_TR_NONE)
		Esys_FlushContext(tpm->esys, tpm->session);
	tpm->session = ESYS_TR_NONE;
}

void tpm_end_hmac_session(struct tpm *tpm)
{
	TSS2_SYS_CONTEXT *sys = NULL;

	if (tpm->esys && tpm->hmac_session &&
	    Esys_GetSysContext(tpm->esys, &sys) == TSS2_RC_SUCCESS)
		(void)Tss2_Sys_FlushContext(sys, tpm->hmac_session);
	tpm->hmac_session = 0;
}

void tpm_disconnect(struct tpm *tpm)
{
	TSS2_TCTI_CONTEXT *tcti = NULL;

	/* No resource manager may do it for us; one that is gone does not mind. */
	end_session(tpm);
	tpm_end_hmac_session(tpm);
	tpm_owner_release(tpm);
	forget_parent(&tpm->srk);
	while (g_queue_pop_head_link(&tpm->loaded))
		;
	if (!tpm->esys)
		return;
	Esys_GetTcti(tpm->esys, &tcti);
	Esys_Finalize(&tpm->esys);
	Tss2_TctiLdr_Finalize(&tcti);
}

static bool device_error(struct tpm_trouble *trouble)
{
	if (errno == ENOENT)
		return tpm_trouble(trouble, DEVID_STORE_MISSING, "tpm-missing",
				   "TPM: %s is not there", DEVICE);
	return tpm_trouble(trouble, DEVID_STORE_MISSING, "tpm-denied",
			   "TPM: %s may not be opened by this user", DEVICE);
}

static bool connect_tpm(struct tpm *tpm, struct tpm_trouble *trouble)
{
	const char *other = TEST_HOOK("DEVID_TEST_TCTI");
	TSS2_TCTI_CONTEXT *tcti = NULL;
	TSS2_RC rc;

	if (tpm->esys)
		return true;
	if (!other && access(DEVICE, R_OK | W_OK) < 0)
		return device_error(trouble);
	rc = Tss2_TctiLdr_Initialize(other ? other : "device:" DEVICE, &tcti);
	if (rc == TSS2_RC_SUCCESS) {
		rc = Esys_Initialize(&tpm->esys, tcti, NULL);
		if (rc != TSS2_RC_SUCCESS)
			Tss2_TctiLdr_Finalize(&tcti);
	}
	if (rc != TSS2_RC_SUCCESS)
		return tpm_trouble_rc(trouble, rc, "it can't be reached");
	if (tpm->connected++ == 0)
		flush_from(tpm, FIRST_TRANSIENT, false);
	return true;
}

/* --- work */

void tpm_work_init(struct tpm_work *work,
		   bool (*run)(struct tpm *tpm, struct tpm_work *work, struct tpm_trouble *trouble),
		   void (*free)(struct tpm_work *work))
{
	g_atomic_ref_count_init(&work->references);
	g_mutex_init(&work->lock);
	g_cond_init(&work->changed);
	work->run = run;
	work->free = free;
}

void tpm_work_unref(struct tpm_work *work)
{
	if (!g_atomic_ref_count_dec(&work->references))
		return;
	g_mutex_clear(&work->lock);
	g_cond_clear(&work->changed);
	work->free(work);
}

/* Nobody waits for it any more, or there is nothing that it could be done to. */
static bool is_idle(struct tpm_work *work, const struct tpm *tpm)
{
	bool idle;

	g_mutex_lock(&work->lock);
	idle = work->abandoned || (work->if_connected && !tpm->esys);
	if (idle) {
		work->done = work->good = true;
		g_cond_broadcast(&work->changed);
	}
	g_mutex_unlock(&work->lock);
	return idle;
}

static void run_work(gpointer data, gpointer unused)
{
	static struct tpm tpm = { .srk.handle = ESYS_TR_NONE,
				  .owner.handle = ESYS_TR_NONE,
				  .session = ESYS_TR_NONE,
				  .loaded = G_QUEUE_INIT };
	struct tpm_work *work = data;
	bool was_connected = tpm.esys != NULL, good;
	struct tpm_trouble *trouble = &work->trouble;

	if (is_idle(work, &tpm)) {
		tpm_work_unref(work);
		return;
	}
	tpm.flushed_objects = tpm.flushed_sessions = false;
	good = connect_tpm(&tpm, trouble) && work->run(&tpm, work, trouble);
	/* The connection is broken, or what was there is gone (the TPM was reset): all is begun
	 * anew, once. */
	if (!good && trouble->result == DEVID_STORE_MISSING) {
		tpm_disconnect(&tpm);
		if (was_connected)
			good = connect_tpm(&tpm, trouble) && work->run(&tpm, work, trouble);
	}
	/* An answer that was wrong may have left a nonce that is not the latest, or a handle of
	 * nothing, and all that is asked with these would fail from now on. */
	if (!good) {
		end_session(&tpm);
		tpm_owner_release(&tpm);
	}
	ERR_clear_error();
	g_mutex_lock(&work->lock);
	work->done = true;
	work->good = good;
	g_cond_broadcast(&work->changed);
	g_mutex_unlock(&work->lock);
	tpm_work_unref(work);
}

void tpm_work_begin(struct tpm_work *work)
{
	static gsize pool;

	if (g_once_init_enter(&pool))
		/* Exclusive and of one: the thread that owns the TPM, and its queue. */
		g_once_init_leave(&pool, (gsize)g_thread_pool_new(run_work, NULL, 1, true, NULL));
	g_thread_pool_push((GThreadPool *)pool, work, NULL);
}

bool tpm_work_do(struct tpm_work *work, unsigned bound_ms, const struct key_patience *patience,
		 struct tpm_trouble *trouble)
{
	gint64 now = g_get_monotonic_time(), tick;
	gint64 until = now + bound_ms * G_TIME_SPAN_MILLISECOND;
	bool good;

	g_atomic_ref_count_inc(&work->references);
	tpm_work_begin(work);
	g_mutex_lock(&work->lock);
	while (!work->done && now < until &&
	       !(patience && g_cancellable_is_cancelled(patience->cancel))) {
		tick = MIN(until, now + TICK_MS * G_TIME_SPAN_MILLISECOND);
		if (!g_cond_wait_until(&work->changed, &work->lock, tick) && patience &&
		    patience->tick) {
			g_mutex_unlock(&work->lock);
			patience->tick(patience->data);
			g_mutex_lock(&work->lock);
		}
		now = g_get_monotonic_time();
	}
	good = work->done && work->good;
	work->abandoned = !work->done;
	if (work->abandoned)
		tpm_trouble(trouble, DEVID_STORE_TIMEOUT, "tpm-busy",
			    "TPM: it did not answer in time");
	else if (!good && trouble)
		*trouble = work->trouble;
	g_mutex_unlock(&work->lock);
	return good;
}

/* --- storage keys */

bool tpm_is_storage_key(const TPMT_PUBLIC *public)
{
	return (public->objectAttributes & STORAGE_BITS) == STORAGE_BITS &&
	       (public->objectAttributes & TPMA_OBJECT_SIGN_ENCRYPT) == 0 &&
	       /* Else a wrong guess at its authorisation would count against everybody. */
	       (public->objectAttributes & TPMA_OBJECT_NODA) != 0;
}

const struct tpm_parent *tpm_srk(struct tpm *tpm)
{
	ESYS_TR handle = ESYS_TR_NONE;

	if (tpm->srk.handle != ESYS_TR_NONE)
		return &tpm->srk;
	if (Esys_TR_FromTPMPublic(tpm->esys, TPM_PARENT_SRK, ESYS_TR_NONE, ESYS_TR_NONE,
				  ESYS_TR_NONE, &handle) != TSS2_RC_SUCCESS)
		return NULL;
	if (Esys_ReadPublic(tpm->esys, handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
			    &tpm->srk.public, NULL, NULL) != TSS2_RC_SUCCESS ||
	    !tpm_is_storage_key(&tpm->srk.public->publicArea)) {
		Esys_TR_Close(tpm->esys, &handle);
		forget_parent(&tpm->srk);
		return NULL;
	}
	tpm->srk.handle = handle;
	return name_parent(&tpm->srk);
}

const struct tpm_parent *tpm_owner(struct tpm *tpm, struct tpm_trouble *trouble)
{
	static const TPM2B_SENSITIVE_CREATE sensitive;
	static const TPM2B_DATA outside;
	static const TPML_PCR_SELECTION pcrs;
	gint64 until = 0;
	TSS2_RC rc;

	if (tpm->owner.handle != ESYS_TR_NONE)
		return &tpm->owner;
	do
		rc = Esys_CreatePrimary(tpm->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
					ESYS_TR_NONE, &sensitive, &standard, &outside, &pcrs,
					&tpm->owner.handle, &tpm->owner.public, NULL, NULL, NULL);
	while (tpm_is_busy(rc, &until) || tpm->make_room(tpm, rc));
	if (rc == TSS2_RC_SUCCESS)
		return name_parent(&tpm->owner);
	forget_parent(&tpm->owner);
	if (tpm_rc_is(rc, TPM2_RC_BAD_AUTH) || tpm_rc_is(rc, TPM2_RC_AUTH_FAIL)) {
		tpm_trouble(trouble, DEVID_STORE_LOCKED, "tpm-owner",
			    "TPM: its owner's authorisation is set, and it has no "
			    "storage root key at 0x81000001");
		return NULL;
	}
	tpm_trouble_rc(trouble, rc, "its storage key");
	return NULL;
}

void tpm_owner_release(struct tpm *tpm)
{
	if (tpm->owner.handle == ESYS_TR_NONE)
		return;
	Esys_FlushContext(tpm->esys, tpm->owner.handle);
	forget_parent(&tpm->owner);
}

ESYS_TR tpm_session(struct tpm *tpm, const struct tpm_parent *parent, bool answer,
		    struct tpm_trouble *trouble)
{
	static const TPMT_SYM_DEF symmetric = { .algorithm = TPM2_ALG_AES,
						.keyBits.aes = 128,
						.mode.aes = TPM2_ALG_CFB };
	TPMA_SESSION bits = TPMA_SESSION_CONTINUESESSION | TPMA_SESSION_DECRYPT;
	gint64 until = 0;
	TSS2_RC rc = TSS2_RC_SUCCESS;

	if (!*parent->name || strcmp(tpm->salted, parent->name) != 0)
		end_session(tpm);
	g_strlcpy(tpm->salted, parent->name, sizeof(tpm->salted));
	if (tpm->session == ESYS_TR_NONE)
		do
			rc = Esys_StartAuthSession(tpm->esys, parent->handle, ESYS_TR_NONE,
						   ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL,
						   TPM2_SE_HMAC, &symmetric, TPM2_ALG_SHA256,
						   &tpm->session);
		while (tpm_is_busy(rc, &until) || tpm_flush_strays(tpm, rc));
	if (rc == TSS2_RC_SUCCESS)
		rc = Esys_TRSess_SetAttributes(tpm->esys, tpm->session,
					       answer ? bits | TPMA_SESSION_ENCRYPT : bits, 0xff);
	if (rc == TSS2_RC_SUCCESS)
		return tpm->session;
	tpm->session = ESYS_TR_NONE;
	tpm_trouble_rc(trouble, rc, "a session");
	return ESYS_TR_NONE;
}
