/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* IMPORT, WRITE, REMOVE, RENAME: what agent/identity/identity.h does, on behalf of a client, and
 * the events of it. */
#include <stdlib.h>
#include <string.h>
#include <internal/cleanup.h>
#include "agent/gate/gate.h"
#include "agent/gate/peer.h"
#include "agent/gate/report.h"
#include "agent/identity/identity-change.h"
#include "agent/identity/identity-import.h"
#include "agent/identity/identity-left.h"
#include "agent/identity/identity-undo.h"
#include "agent/identity/identity-write.h"
#include "agent/identity/identity.h"
#include "agent/identity/keycache.h"
#include "agent/store/store.h"
#include "base/error.h"
#include "request.h"
#include "write-request.h"

typedef struct devid_account devid_account;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(devid_account, devid_account_free)

static void event_written(struct session *session, const char *sub_type, const char *label,
			  const struct wire_field *certificate, const GError *problem)
{
	struct report_write told = { &session->peer, sub_type, label, NULL, 0, problem, NULL };

	if (session->undo_size_accepted)
		told.reason = "size-accepted";
	if (certificate) {
		told.certificate = certificate->data;
		told.certificate_length = certificate->length;
	}
	peer_look(&session->peer);
	report_write(session->agent->report, &told);
}

static void reply_result(struct wire_frame *reply, const struct identity_result *result)
{
	wire_put_text(reply, TAG_NAME, result->name);
	if (result->id)
		wire_put(reply, TAG_ID, g_bytes_get_data(result->id, NULL),
			 g_bytes_get_size(result->id));
	wire_put_text(reply, TAG_LABEL, result->label);
	wire_put_u32(reply, TAG_CHANGED, result->changed ? 1 : 0);
	if (result->replaced)
		wire_put_u32(reply, TAG_FLAGS, IMPORTED_REPLACED);
	for (guint i = 0; result->warnings && i < result->warnings->len; i++)
		wire_put_text(reply, TAG_WARNING, g_ptr_array_index(result->warnings, i));
}

static void reply_warnings(struct wire_frame *reply, GPtrArray *warnings)
{
	for (guint i = 0; i < warnings->len; i++)
		wire_put_text(reply, TAG_WARNING, g_ptr_array_index(warnings, i));
}

static GPtrArray *read_certificates(const struct wire_frame *request)
{
	GPtrArray *certificates = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	struct wire_field field;

	for (bool more = wire_get(request, TAG_CERTIFICATE, &field);
	     more && certificates->len <= RECORD_CHAIN_MAX + 1; more = wire_next(request, &field))
		g_ptr_array_add(certificates, g_bytes_new(field.data, field.length));
	return certificates;
}

/* The machine's keys lie where root's agent can reach them without a person. */
static const struct store *read_store(const struct exchange *exchange, GError **error)
{
	AUTO_FREE char *name = wire_get_text(exchange->request, TAG_STORE);
	const struct store *store = name ? store_find(name) : NULL;

	if (!store)
		devid_error_set(error, DEVID_USAGE, NULL, NULL,
				"store: %s is none of keyring, file, tpm", name ? name : "it");
	else if (exchange->session->agent->scope == SCOPE_SYSTEM &&
		 strcmp(store->name, "keyring") == 0)
		return devid_error_null(
			error, DEVID_UNSUPPORTED, NULL, NULL,
			"store: the machine has no keyring; its keys are kept in files or in the TPM");
	return store;
}

/* A key that is here already, under that record's name, to be kept in another store. */
static bool take_key_of(const struct exchange *exchange, const char *name, struct secret *pkcs8,
			GError **error)
{
	struct session *session = exchange->session;
	g_autoptr(gate_subject) subject = gate_find_name(session->agent->gate, name);
	bool read;

	if (!subject || !subject->store)
		return devid_error_set(error, DEVID_KEY_MISSING, NULL, NULL,
				       "import: there is no key of that name");
	if (subject->store->auth)
		return devid_error_set(error, DEVID_UNSUPPORTED, NULL,
				       "import it again from the file that it came from: devid "
				       "import-cert FILE --replace",
				       "%s: a key in the TPM can't be read", subject->label);
	session->slow(session, true);
	read = subject->store->read(session->agent->scope, subject->spki_hash_hex, &session->wait,
				    pkcs8, error);
	session->slow(session, false);
	return read;
}

/* A key that was opened elsewhere, or wrapped anew, must not be signed with any more: the client's
 * trial signature would try nothing.
 */
static void drop_key(struct session *session, const char *name)
{
	g_autoptr(gate_subject) subject = gate_find_name(session->agent->gate, name);

	if (subject)
		(void)keycache_drop(session->agent->keys, subject->spki_hash);
}

/* The private half that the request brings, or names; length 0: neither. */
static bool read_half(const struct exchange *exchange, struct secret *pkcs8, GError **error)
{
	AUTO_FREE char *moves = wire_get_text(exchange->request, TAG_NAME);
	struct wire_field key;

	if (moves)
		return take_key_of(exchange, moves, pkcs8, error);
	if (!wire_get(exchange->request, TAG_PKCS8, &key) ||
	    (secret_allocate(pkcs8, key.length) == DEVID_OK &&
	     secret_append(pkcs8, key.data, key.length) == DEVID_OK))
		return true;
	return devid_error_set(error, DEVID_NO_MEMORY, NULL, NULL, "import: no memory");
}

static void wait_as_asked(struct store_wait *wait, guint32 flags)
{
	wait->no_auth = (flags & IMPORT_NO_AUTH) != 0;
	wait->credential = (flags & IMPORT_CREDENTIAL) != 0;
}

/* Done by what was read; what changed is told when it is kept: until then it may be taken back. */
static bool import_run(const struct exchange *exchange, struct identity_import *import,
		       GError **error)
{
	struct session *session = exchange->session;
	struct identity_result result = { 0 };
	g_autoptr(GError) failure = NULL;
	struct wire_field leaf;
	struct store_wait wait;
	bool good;

	(void)wire_get(exchange->request, TAG_CERTIFICATE, &leaf);
	session->slow(session, true);
	wait = session->wait;
	wait_as_asked(&wait, import->flags);
	good = identity_import(import, &wait, &result, &session->undo, &failure);
	session->slow(session, false);
	if (good) {
		reply_result(exchange->reply, &result);
		gate_refresh(session->agent->gate);
		if (result.changed)
			drop_key(session, result.name);
	}
	if (!good || (result.changed && !session->undo))
		event_written(session, "Import", import->label, &leaf, failure);
	if (session->undo) {
		session->undo_label = g_strdup(result.label);
		session->undo_size_accepted = import->flags & IMPORT_ACCEPT_SIZE;
		session->undo_certificate = g_bytes_new(leaf.data, leaf.length);
	}
	identity_result_clear(&result);
	if (failure)
		g_propagate_error(error, g_steal_pointer(&failure));
	return good;
}

static bool import_commit(const struct exchange *exchange, GError **error)
{
	struct session *session = exchange->session;
	AUTO_FREE char *label = wire_get_text(exchange->request, TAG_LABEL);
	g_autoptr(GPtrArray) certificates = read_certificates(exchange->request);
	g_autoptr(devid_account) account = NULL;
	AUTO_SECRET struct secret pkcs8 = SECRET_INIT;
	struct identity_import import = { .scope = session->agent->scope,
					  .label = label,
					  .certificates = certificates };

	if (session->undo)
		return devid_error_set(error, DEVID_USAGE, NULL, NULL,
				       "import: another one is under way on this connection");
	if (!label || certificates->len == 0 || certificates->len > RECORD_CHAIN_MAX + 1)
		return devid_error_set(error, DEVID_USAGE, NULL, NULL,
				       "import: a label and 1 to %d certificates are needed",
				       RECORD_CHAIN_MAX + 1);
	import.store = read_store(exchange, error);
	if (!import.store)
		return false;
	account = gate_load_account(session->agent->gate, error);
	if (!account || !read_half(exchange, &pkcs8, error))
		return false;
	import.account = account;
	import.pkcs8 = pkcs8.length > 0 ? &pkcs8 : NULL;
	(void)wire_get_u32(exchange->request, TAG_FLAGS, &import.flags);
	return import_run(exchange, &import, error);
}

static void event_import(struct session *session, const GError *problem)
{
	struct wire_field leaf = { .data = g_bytes_get_data(session->undo_certificate, NULL),
				   .length = g_bytes_get_size(session->undo_certificate) };

	event_written(session, "Import", session->undo_label, &leaf, problem);
	g_clear_pointer(&session->undo_label, g_free);
	session->undo_size_accepted = false;
	g_clear_pointer(&session->undo_certificate, g_bytes_unref);
}

static bool import_keep(const struct exchange *exchange, GError **error)
{
	struct session *session = exchange->session;
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
	struct identity_undo *undo = g_steal_pointer(&session->undo);
	bool good;

	if (!undo)
		return true;
	session->slow(session, true);
	good = identity_keep(undo, &session->wait, warnings, error);
	session->slow(session, false);
	reply_warnings(exchange->reply, warnings);
	event_import(session, NULL);
	gate_refresh(session->agent->gate);
	return good;
}

static bool undo(struct session *session, GError **error)
{
	struct identity_undo *taken = g_steal_pointer(&session->undo);
	g_autoptr(GError) problem = NULL;
	g_autoptr(GError) failure = NULL;
	bool good;

	if (!taken)
		return true;
	/* Not slow(): a client that hung up, which may be why, must not cut this short as well. */
	g_clear_object(&session->wait.cancel);
	good = identity_undo(taken, &session->wait, &failure);
	(void)keycache_drop_all(session->agent->keys);
	devid_error_set(&problem, DEVID_FAILED, NULL, NULL, "import: %s%s",
			good ? "taken back by the client" : "it could not be taken back: ",
			failure ? failure->message : "");
	event_import(session, problem);
	if (failure)
		g_propagate_error(error, g_steal_pointer(&failure));
	gate_refresh(session->agent->gate);
	return good;
}

static bool import_undo(const struct exchange *exchange, GError **error)
{
	return undo(exchange->session, error);
}

void write_request_end(struct session *session)
{
	g_autoptr(GError) error = NULL;

	if (!session->undo)
		return;
	/* Nobody waits any more. */
	session->wait.progress = NULL;
	if (!undo(session, &error))
		g_warning("import: it could not be taken back: %s",
			  error ? error->message : "no cause was given");
}

static const struct {
	guint32 phase;
	bool (*handle)(const struct exchange *exchange, GError **error);
} phases[] = {
	{ PHASE_COMMIT, import_commit },
	{ PHASE_KEEP, import_keep },
	{ PHASE_UNDO, import_undo },
};

bool handle_import(const struct exchange *exchange, GError **error)
{
	guint32 phase = 0;

	(void)wire_get_u32(exchange->request, TAG_PHASE, &phase);
	for (gsize i = 0; i < G_N_ELEMENTS(phases); i++)
		if (phases[i].phase == phase)
			return phases[i].handle(exchange, error);
	return devid_error_set(error, DEVID_USAGE, NULL, NULL, "import: phase %u is not known",
			       phase);
}

bool handle_write(const struct exchange *exchange, GError **error)
{
	struct session *session = exchange->session;
	g_autoptr(devid_account) account = gate_load_account(session->agent->gate, error);
	AUTO_FREE char *label = wire_get_text(exchange->request, TAG_LABEL);
	struct identity_result result = { 0 };
	g_autoptr(GError) failure = NULL;
	struct wire_field certificate;
	bool has_certificate, good;

	if (!account)
		return false;
	has_certificate = wire_get(exchange->request, TAG_CERTIFICATE, &certificate);
	session->slow(session, true);
	good = identity_write(session->agent->scope, exchange->request, account, &session->wait,
			      &result, &failure);
	session->slow(session, false);
	if (good)
		reply_result(exchange->reply, &result);
	if (!good || result.changed)
		event_written(session, "Import", good ? result.label : label,
			      has_certificate ? &certificate : NULL, failure);
	gate_refresh(session->agent->gate);
	identity_result_clear(&result);
	if (failure)
		g_propagate_error(error, g_steal_pointer(&failure));
	return good;
}

/* A record's name, which becomes a file's name: hex digits and nothing else. */
static char *read_name(const struct wire_frame *request, GError **error)
{
	char *name = wire_get_text(request, TAG_NAME);
	guint8 bytes[RECORD_NAME_LENGTH / 2];

	if (name && strlen(name) == RECORD_NAME_LENGTH &&
	    hex_decode(name, RECORD_NAME_LENGTH, bytes))
		return name;
	free(name);
	return devid_error_null(error, DEVID_USAGE, NULL, NULL, "identity: the request names none");
}

static bool settle(const struct exchange *exchange, GError **error)
{
	struct session *session = exchange->session;
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
	bool good;

	session->slow(session, true);
	good = identity_settle(session->agent->scope, &session->wait, warnings, error);
	session->slow(session, false);
	reply_warnings(exchange->reply, warnings);
	return good;
}

static bool retire(const struct exchange *exchange, const char *name, GError **error)
{
	struct session *session = exchange->session;
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(gate_subject) subject = gate_find_name(session->agent->gate, name);
	guint count = 0;
	bool good;

	if (!subject)
		return devid_error_set(error, DEVID_NOT_FOUND, NULL, NULL,
				       "there is no such identity");
	session->slow(session, true);
	good = identity_retire(session->agent->scope, name, &session->wait, &count, warnings,
			       error);
	session->slow(session, false);
	reply_warnings(exchange->reply, warnings);
	wire_put_u32(exchange->reply, TAG_CHANGED, count);
	gate_refresh(session->agent->gate);
	if (count > 0)
		event_written(session, "Retirement", subject->label, NULL, NULL);
	return good;
}

bool handle_remove(const struct exchange *exchange, GError **error)
{
	struct session *session = exchange->session;
	AUTO_FREE char *name = read_name(exchange->request, error);
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(gate_subject) subject = NULL;
	g_autoptr(GError) failure = NULL;
	struct wire_field leaf = { 0 };
	guint32 object = 0, flags = 0;
	bool good;

	if (!name)
		return false;
	if (wire_get_u32(exchange->request, TAG_FLAGS, &flags) && (flags & REMOVE_LEFT_BEHIND))
		return settle(exchange, error);
	if (flags & REMOVE_FORMER)
		return retire(exchange, name, error);
	(void)wire_get_u32(exchange->request, TAG_OBJECT, &object);
	subject = gate_find_name(session->agent->gate, name);
	session->slow(session, true);
	good = identity_remove(session->agent->scope, name, object, &session->wait, warnings,
			       &failure);
	session->slow(session, false);
	reply_warnings(exchange->reply, warnings);
	if (subject && good)
		keycache_drop(session->agent->keys, subject->spki_hash);
	gate_refresh(session->agent->gate);
	if (subject && subject->leaf) {
		leaf.data = g_bytes_get_data(subject->leaf, NULL);
		leaf.length = g_bytes_get_size(subject->leaf);
	}
	event_written(session, "Removal", subject ? subject->label : NULL, leaf.data ? &leaf : NULL,
		      failure);
	if (failure)
		g_propagate_error(error, g_steal_pointer(&failure));
	return good;
}

bool handle_rename(const struct exchange *exchange, GError **error)
{
	struct session *session = exchange->session;
	AUTO_FREE char *name = read_name(exchange->request, error);
	AUTO_FREE char *label = wire_get_text(exchange->request, TAG_LABEL);
	g_autoptr(GBytes) id = NULL;
	struct wire_field field;
	guint32 object = 0;
	bool good;

	if (!name)
		return false;
	(void)wire_get_u32(exchange->request, TAG_OBJECT, &object);
	if (wire_get(exchange->request, TAG_ID, &field))
		id = g_bytes_new(field.data, field.length);
	session->slow(session, true);
	good = identity_rename(session->agent->scope, name, object, label, id, &session->wait,
			       error);
	session->slow(session, false);
	gate_refresh(session->agent->gate);
	return good;
}

static bool read_wish(const struct exchange *exchange, struct identity_wish *wish, GError **error)
{
	struct wire_field field;
	guint32 type = 0, bits = 0;

	if (!wire_get_u32(exchange->request, TAG_KEY_TYPE, &type) ||
	    !wire_get_u32(exchange->request, TAG_KEY_BITS, &bits))
		return devid_error_set(error, DEVID_USAGE, NULL, NULL,
				       "key: a type and a size are needed");
	wish->type = (enum wire_key_type)type;
	wish->bits = bits;
	if (!wire_get(exchange->request, TAG_ID, &wish->id))
		wish->id.length = 0;
	if (!wire_get(exchange->request, TAG_STORE, &field))
		return true;
	wish->store = read_store(exchange, error);
	return wish->store;
}

bool handle_generate(const struct exchange *exchange, GError **error)
{
	struct session *session = exchange->session;
	AUTO_FREE char *label = wire_get_text(exchange->request, TAG_LABEL);
	AUTO_FREE char *public_label = wire_get_text(exchange->request, TAG_PUBLIC_LABEL);
	AUTO_FREE char *renews = wire_get_text(exchange->request, TAG_NAME);
	struct identity_wish wish = { .label = label,
				      .public_label = public_label,
				      .renews = renews };
	struct identity_result result = { 0 };
	g_autoptr(GError) failure = NULL;
	struct store_wait wait;
	guint32 flags = 0;
	bool good;

	if (!read_wish(exchange, &wish, error))
		return false;
	(void)wire_get_u32(exchange->request, TAG_FLAGS, &flags);
	session->slow(session, true);
	wait = session->wait;
	wait_as_asked(&wait, flags);
	good = identity_generate(session->agent->scope, &wish, &wait, &result, &failure);
	session->slow(session, false);
	if (good)
		reply_result(exchange->reply, &result);
	event_written(session, "Key Generation", good ? result.label : label, NULL, failure);
	gate_refresh(session->agent->gate);
	identity_result_clear(&result);
	if (failure)
		g_propagate_error(error, g_steal_pointer(&failure));
	return good;
}
