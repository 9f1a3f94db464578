/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The machine's TPM, lent: see tpm-lent.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <internal/cleanup.h>
#include <internal/client.h>
#include <internal/record.h>
#include <internal/test-hook.h>
#include <devid/reason.h>
#include "tpm-lent.h"
#include "tpm-library.h"

#define DEVICE	"/dev/tpmrm0"
#define TICK_US (2 * G_TIME_SPAN_SECOND)
/* A client waits five seconds for a signature; as long as it is told so, for two minutes. */
#define LENT_BOUND_MS	   4500
#define LENT_LONG_BOUND_MS 110000

static bool allowed;

void tpm_lent_allow(void)
{
	allowed = true;
}

bool tpm_lent_applies(void)
{
	return allowed && !TEST_HOOK("DEVID_TEST_TCTI") && access(DEVICE, R_OK | W_OK) < 0 &&
	       errno == EACCES;
}

/* A key of the user's: a lent TPM keeps nothing of it. */
struct tpm_object {
	GBytes *pem;
	char below[KEY_PARENT_NAME]; /* its storage key's name, which is said with each request */
	struct secret auth;
};

/* --- a request */

/* One request, made by a thread of its own: who waits for it tells its client so meanwhile, and may
 * give up. */
struct call {
	gatomicrefcount references;
	struct wire_frame request, reply;
	struct client client;
	GMutex lock;
	GCond changed;
	enum devid_result result;
	bool connected, done;
};

static struct call *call_new(enum wire_tpm operation, const struct secret *auth)
{
	struct call *call = g_new0(struct call, 1);

	g_atomic_ref_count_init(&call->references);
	call->client = CLIENT_INIT;
	g_mutex_init(&call->lock);
	g_cond_init(&call->changed);
	wire_begin(&call->request, WIRE_TPM);
	wire_put_u32(&call->request, TAG_OPERATION, operation);
	if (auth && auth->length > 0)
		wire_put(&call->request, TAG_AUTH, auth->data, auth->length);
	return call;
}

static void call_unref(struct call *call)
{
	if (!g_atomic_ref_count_dec(&call->references))
		return;
	client_close(&call->client);
	wire_frame_clear(&call->request);
	wire_frame_clear(&call->reply);
	g_mutex_clear(&call->lock);
	g_cond_clear(&call->changed);
	g_free(call);
}
typedef struct call lent_call;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(lent_call, call_unref)

static void *run_call(void *data)
{
	g_autoptr(lent_call) call = data;
	enum devid_result result = client_connect(&call->client, SCOPE_SYSTEM, CLIENT_NO_START);
	bool broken = false;

	g_mutex_lock(&call->lock);
	call->connected = result == DEVID_OK;
	g_mutex_unlock(&call->lock);
	if (result == DEVID_OK)
		result = client_exchange(&call->client, &call->request, &call->reply, &broken);
	g_mutex_lock(&call->lock);
	call->result = result;
	call->done = true;
	g_cond_broadcast(&call->changed);
	g_mutex_unlock(&call->lock);
	return NULL;
}

/* Whether it is done. */
static bool wait_for_call(struct call *call, unsigned bound_ms, const struct key_patience *patience)
{
	gint64 now = g_get_monotonic_time();
	gint64 until = now + bound_ms * G_TIME_SPAN_MILLISECOND;
	bool done;

	g_mutex_lock(&call->lock);
	while (!call->done && now < until &&
	       !(patience && g_cancellable_is_cancelled(patience->cancel))) {
		bool told =
			g_cond_wait_until(&call->changed, &call->lock, MIN(until, now + TICK_US));

		if (!told && patience && patience->tick) {
			g_mutex_unlock(&call->lock);
			patience->tick(patience->data);
			g_mutex_lock(&call->lock);
		}
		now = g_get_monotonic_time();
	}
	done = call->done;
	/* That tells the other agent that nobody waits, and ends the thread. */
	if (!done && call->connected)
		shutdown(call->client.fd, SHUT_RDWR);
	g_mutex_unlock(&call->lock);
	return done;
}

/* What the machine's agent said, or that it said nothing. */
static bool take_refusal(const struct call *call, struct tpm_trouble *trouble)
{
	AUTO_FREE char *message = wire_get_text(&call->reply, TAG_MESSAGE);
	AUTO_FREE char *word = wire_get_text(&call->reply, TAG_REASON);
	const struct devid_reason *row = word ? devid_reason_find(word) : NULL;

	if (message)
		return tpm_trouble(trouble, call->result, row ? row->word : NULL, "%s", message);
	if (call->result == DEVID_AGENT_GONE && !call->connected)
		return tpm_trouble(trouble, DEVID_STORE_MISSING, "tpm-denied",
				   "TPM: this user may not open it, and the machine's agent, which "
				   "lends it, does not run");
	return tpm_trouble(trouble, DEVID_STORE_TIMEOUT, "tpm-busy",
			   "TPM: the machine's agent, which lends it, did not answer in time");
}

static bool call_make(struct call *call, unsigned bound_ms, const struct key_patience *patience,
		      struct tpm_trouble *trouble)
{
	if (wire_finish(&call->request) != DEVID_OK)
		return tpm_trouble(trouble, DEVID_NO_MEMORY, NULL, "TPM: no memory");
	g_atomic_ref_count_inc(&call->references);
	g_thread_unref(g_thread_new("lent-tpm", run_call, call));
	if (!wait_for_call(call, bound_ms, patience))
		return tpm_trouble(trouble, DEVID_STORE_TIMEOUT, "tpm-busy",
				   "TPM: it is lent, and did not answer in time");
	return call->result == DEVID_OK || take_refusal(call, trouble);
}

static bool odd(struct tpm_trouble *trouble)
{
	return tpm_trouble(trouble, DEVID_FAILED, NULL,
			   "TPM: the machine's agent answered something else");
}

/* --- keys in */

static bool put_file(struct call *call, const struct tpm_file *file, struct tpm_trouble *trouble)
{
	g_autoptr(GBytes) pem = tpm_file_write(file);

	if (!pem)
		return tpm_trouble(trouble, DEVID_NO_MEMORY, NULL, "TPM: no memory");
	wire_put(&call->request, TAG_TPM_KEY, g_bytes_get_data(pem, NULL), g_bytes_get_size(pem));
	return true;
}

/* The name of the storage key that the TPM had for it, in hex; no other than the one that is known.
 * It is told by the agent that lends, which alone can compare it before the TPM is asked. */
static bool take_name(const struct call *call, char below[KEY_PARENT_NAME],
		      struct tpm_trouble *trouble)
{
	AUTO_FREE char *name = wire_get_text(&call->reply, TAG_NAME);
	gsize length = name ? strlen(name) : 0;

	if (length == 0 || length >= KEY_PARENT_NAME || strspn(name, "0123456789abcdef") != length)
		return odd(trouble);
	if (*below && strcmp(below, name) != 0)
		return tpm_trouble(trouble, DEVID_KEY_MISSING, "tpm-other",
				   "TPM: the storage key of the one that is lent is another one "
				   "than before: it was cleared or replaced");
	if (!*below)
		g_strlcpy(below, name, KEY_PARENT_NAME);
	return true;
}

static bool take_file(const struct call *call, struct tpm_file *file, struct tpm_trouble *trouble)
{
	char below[KEY_PARENT_NAME] = "";
	struct wire_field field;

	g_strlcpy(below, file->below, sizeof(below));
	if (!wire_get(&call->reply, TAG_TPM_KEY, &field) ||
	    !tpm_file_read(field.data, field.length, file, NULL))
		return odd(trouble);
	g_strlcpy(file->below, below, sizeof(file->below));
	return take_name(call, file->below, trouble);
}

static GBytes *ask_parent(const struct key_patience *patience, struct tpm_trouble *trouble)
{
	g_autoptr(lent_call) call = call_new(TPM_STORAGE_KEY, NULL);
	struct wire_field field;

	if (!call_make(call, LENT_BOUND_MS, patience, trouble))
		return NULL;
	if (wire_get(&call->reply, TAG_STORAGE_KEY, &field))
		return g_bytes_new(field.data, field.length);
	odd(trouble);
	return NULL;
}

static GBytes *lent_parent(struct tpm_trouble *trouble)
{
	return ask_parent(NULL, trouble);
}

static bool lent_import(const struct tpm_file *wrapped, const struct secret *auth,
			const struct key_patience *patience, struct tpm_file *file,
			struct tpm_trouble *trouble)
{
	g_autoptr(lent_call) call = call_new(TPM_IMPORT, auth);

	return put_file(call, wrapped, trouble) &&
	       call_make(call, LENT_LONG_BOUND_MS, patience, trouble) &&
	       take_file(call, file, trouble);
}

/* The other agent never has the key itself. */
static bool lent_seal(EVP_PKEY *pkey, const struct secret *auth,
		      const struct key_patience *patience, struct tpm_file *file,
		      struct tpm_trouble *trouble)
{
	AUTO_TPM_FILE struct tpm_file wrapped = TPM_FILE_INIT;
	g_autoptr(GBytes) parent = ask_parent(patience, trouble);
	g_autoptr(GBytes) name = NULL;

	if (!parent || !tpm_library(NULL)->wrap(pkey, auth, parent, &wrapped, &name, trouble))
		return false;
	/* The one that it was wrapped for, and no other. */
	hex_encode(g_bytes_get_data(name, NULL), g_bytes_get_size(name), file->below);
	return lent_import(&wrapped, auth, patience, file, trouble);
}

static bool lent_create(enum wire_key_type type, guint bits, const struct secret *auth,
			const struct key_patience *patience, struct tpm_file *file,
			EVP_PKEY **public, struct tpm_trouble *trouble)
{
	g_autoptr(lent_call) call = call_new(TPM_CREATE, auth);

	wire_put_u32(&call->request, TAG_KEY_TYPE, type);
	wire_put_u32(&call->request, TAG_KEY_BITS, bits);
	*public = call_make(call, LENT_LONG_BOUND_MS, patience, trouble) &&
				  take_file(call, file, trouble)
			  ? tpm_library(NULL)->public_key(file, trouble)
			  : NULL;
	return *public != NULL;
}

/* --- keys used */

static void lent_unload(struct tpm_object *object)
{
	g_clear_pointer(&object->pem, g_bytes_unref);
	secret_clear(&object->auth);
	g_free(object);
}

static struct call *call_new_with(enum wire_tpm operation, const struct tpm_object *object)
{
	struct call *call = call_new(operation, &object->auth);

	wire_put(&call->request, TAG_TPM_KEY, g_bytes_get_data(object->pem, NULL),
		 g_bytes_get_size(object->pem));
	if (*object->below)
		wire_put_text(&call->request, TAG_NAME, object->below);
	return call;
}

/* A signature waits for it, and is not told: to be told would count as a person who was asked. */
static bool try_object(struct tpm_object *object, struct tpm_trouble *trouble)
{
	g_autoptr(lent_call) call = call_new_with(TPM_LOAD, object);

	return call_make(call, LENT_BOUND_MS, NULL, trouble) &&
	       take_name(call, object->below, trouble);
}

static struct tpm_object *lent_load(struct tpm_file *file, const struct secret *auth,
				    const struct key_patience *patience, EVP_PKEY **public,
				    struct tpm_trouble *trouble)
{
	struct tpm_object *object = g_new0(struct tpm_object, 1);

	object->pem = tpm_file_write(file);
	g_strlcpy(object->below, file->below, sizeof(object->below));
	*public = NULL;
	if (!object->pem || (auth->length > 0 &&
			     secret_append(&object->auth, auth->data, auth->length) != DEVID_OK))
		tpm_trouble(trouble, DEVID_NO_MEMORY, NULL, "TPM: no memory");
	else if (try_object(object, trouble))
		*public = tpm_library(NULL)->public_key(file, trouble);
	g_strlcpy(file->below, object->below, sizeof(file->below));
	if (*public)
		return object;
	lent_unload(object);
	return NULL;
}

static bool take_signature(const struct call *call, gsize length, guint8 *signature,
			   struct tpm_trouble *trouble)
{
	struct wire_field field;

	if (!wire_get(&call->reply, TAG_SIGNATURE, &field) || field.length != length)
		return odd(trouble);
	memcpy(signature, field.data, field.length);
	return true;
}

static bool lent_sign(struct tpm_object *object, enum wire_scheme scheme, enum wire_digest digest,
		      const guint8 *hash, gsize length, gsize part, guint8 *signature,
		      struct tpm_trouble *trouble)
{
	g_autoptr(lent_call) call = call_new_with(TPM_SIGN, object);

	wire_put_u32(&call->request, TAG_SCHEME, scheme);
	wire_put_u32(&call->request, TAG_DIGEST, digest);
	wire_put(&call->request, TAG_DATA, hash, length);
	return call_make(call, LENT_BOUND_MS, NULL, trouble) &&
	       take_name(call, object->below, trouble) &&
	       take_signature(call, scheme == SCHEME_ECDSA ? 2 * part : part, signature, trouble);
}

/* What it says of itself is for those who may open it; that it answers, is told. */
static bool lent_look(struct tpm_facts *facts, struct tpm_trouble *trouble)
{
	g_autoptr(GBytes) parent = lent_parent(trouble);

	facts->lent = true;
	return parent != NULL;
}

const struct tpm_part tpm_lent = {
	.version = TPM_PART_VERSION,
	.seal = lent_seal,
	.import = lent_import,
	.parent = lent_parent,
	.create = lent_create,
	.load = lent_load,
	.sign = lent_sign,
	.unload = lent_unload,
	.look = lent_look,
};
