/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An import: what it would change is decided under the lock, the private half is written without it
 * (a person may be asked), and the record is put in place under the lock if the decision still
 * holds.
 */
#include <string.h>
#include "agent/store/store.h"
#include "base/error.h"
#include "former.h"
#include "half.h"
#include "identity-certificate.h"
#include "identity-desk.h"
#include "identity-import.h"
#include "identity-label.h"
#include "identity-mark.h"
#include "identity-undo.h"
#include "identity-writer.h"
#include "identity.h"

enum change {
	CHANGE_NONE,	/* all of it is here */
	CHANGE_ADD,	/* a record of its own */
	CHANGE_REPLACE, /* another certificate in a record's place: label and CKA_ID stay */
	CHANGE_PAIR,	/* a lone key gets its certificate, or a lone certificate its key */
	CHANGE_RENEW,	/* the key that waits for it, and a certificate, in a record's place */
	CHANGE_CHAIN,	/* the same certificate with other intermediates */
};

struct job {
	const struct identity_import *import;
	const struct store_wait *wait;
	struct desk desk;
	struct certificate leaf;
	struct certificate chain[RECORD_CHAIN_MAX];
	size_t chain_count;
	bool size_accepted;
	char name[RECORD_NAME_LENGTH + 1]; /* of the record that is written */
	struct identity_undo *undo;
};

/* Whether a private half is written. */
static bool brings_half(const struct job *job, enum change change)
{
	return job->import->pkcs8 && change != CHANGE_CHAIN && change != CHANGE_NONE &&
	       change != CHANGE_RENEW;
}

static void job_clear(struct job *job)
{
	writer_close(&job->desk);
	certificate_clear(&job->leaf);
	for (size_t i = 0; i < job->chain_count; i++)
		certificate_clear(&job->chain[i]);
	/* Without a commit no record names the half: it goes again. */
	identity_undo_settle(job->undo);
}

/* --- what was handed in */

static bool is_there(const struct job *job, GBytes *der)
{
	if (g_bytes_equal(job->leaf.der, der))
		return true;
	for (size_t i = 0; i < job->chain_count; i++)
		if (g_bytes_equal(job->chain[i].der, der))
			return true;
	return false;
}

static bool read_chain(struct job *job, GError **error)
{
	const GPtrArray *certificates = job->import->certificates;

	for (guint i = 1; i < certificates->len; i++) {
		if (is_there(job, certificates->pdata[i]))
			continue;
		if (job->chain_count == RECORD_CHAIN_MAX)
			return devid_error_set(error, DEVID_TOO_LARGE, NULL, NULL,
					       "chain: more than %d certificates",
					       RECORD_CHAIN_MAX);
		if (!certificate_read(certificates->pdata[i], "chain certificate",
				      &job->chain[job->chain_count], error))
			return false;
		job->chain_count++;
	}
	return true;
}

static bool check(struct job *job, GError **error)
{
	const struct identity_import *import = job->import;

	if (import->certificates->len == 0 || (import->pkcs8 && !import->store))
		return devid_error_set(
			error, DEVID_USAGE, NULL, NULL,
			"import: a certificate, and a store for its key, are needed");
	return (!import->label || certificate_label_is_good(import->label, error)) &&
	       certificate_read(import->certificates->pdata[0], "certificate", &job->leaf, error) &&
	       read_chain(job, error) &&
	       certificate_spki_is_supported(job->leaf.spki, "key", error) &&
	       certificate_fits(&job->leaf, import->account,
				(import->flags & IMPORT_ACCEPT_SIZE) != 0, &job->size_accepted,
				error) &&
	       (!import->pkcs8 ||
		half_matches(import->store, import->pkcs8, job->leaf.spki, error));
}

/* --- the decision */

static bool same_bytes(const struct record_bytes *bytes, GBytes *other)
{
	return bytes->length == g_bytes_get_size(other) &&
	       memcmp(bytes->data, g_bytes_get_data(other, NULL), bytes->length) == 0;
}

static bool same_chain(const struct record *record, const struct job *job)
{
	bool same = record->chain_count == job->chain_count;

	for (size_t i = 0; same && i < job->chain_count; i++)
		same = same_bytes(&record->chain[i].certificate, job->chain[i].der);
	return same;
}

static bool taken(const struct record *record, const char *hint, GError **error)
{
	return devid_error_set(error, DEVID_EXISTS, NULL, hint, "it is already here as \"%s\"",
			       record->label);
}

static bool decide_same_key(const struct job *job, const struct record *record, enum change *change,
			    GError **error)
{
	bool replace = (job->import->flags & IMPORT_REPLACE) != 0;

	if (record->leaf.length == 0) {
		*change = CHANGE_PAIR;
	} else if (!same_bytes(&record->leaf, job->leaf.der)) {
		if (!replace)
			return taken(record, "to put the new certificate in its place: --replace",
				     error);
		*change = CHANGE_REPLACE;
	} else if (!record_has_key(record) && job->import->pkcs8) {
		*change = CHANGE_PAIR;
	} else if (replace && job->import->pkcs8 &&
		   strcmp(record->store, job->import->store->name) != 0) {
		*change = CHANGE_REPLACE; /* into another store */
	} else {
		*change = job->chain_count == 0 || same_chain(record, job) ? CHANGE_NONE
									   : CHANGE_CHAIN;
	}
	return true;
}

/* The identity that a waiting key is to renew; NULL: none, or it is gone. */
static const struct record *renewed(const struct job *job, const struct record *waiting)
{
	return waiting && waiting->leaf.length == 0 && waiting->renews
		       ? desk_by_name(&job->desk, waiting->renews)
		       : NULL;
}

/* What is to be done, and with which record (NULL: a new one). */
static bool decide(const struct job *job, enum change *change, const struct record **record,
		   GError **error)
{
	const struct identity_import *import = job->import;
	const struct record *by_key = desk_by_spki(&job->desk, job->leaf.spki_hash);
	const struct record *by_label =
		import->label ? desk_by_label(&job->desk, import->label) : NULL;

	*record = renewed(job, by_key);
	if (*record) {
		*change = CHANGE_RENEW;
		return true;
	}
	*record = by_key;
	if (by_key) {
		if ((import->flags & IMPORT_REPLACE) && by_label && by_label != by_key)
			return taken(by_key, "remove one of the two first: devid remove", error);
		if (!decide_same_key(job, by_key, change, error))
			return false;
		if (*change != CHANGE_NONE && !import->pkcs8 && !record_has_key(by_key))
			by_key = NULL;
	} else if (by_label && !(import->flags & IMPORT_REPLACE)) {
		return devid_error_set(
			error, DEVID_EXISTS, NULL,
			"to put the new identity in its place: --replace; else choose "
			"another name: --label",
			"\"%s\" is already there with another certificate", by_label->label);
	} else {
		*record = by_label;
		*change = by_label ? CHANGE_REPLACE : CHANGE_ADD;
	}
	if (!import->pkcs8 && !by_key)
		return devid_error_set(error, DEVID_KEY_MISSING, NULL,
				       "give the key's file too: --key FILE",
				       "the private key of this certificate is not here");
	return true;
}

/* --- the record */

static void fill_chain(const struct job *job, struct record *record)
{
	for (size_t i = 0; i < job->chain_count; i++) {
		const struct certificate *certificate = &job->chain[i];
		struct record_chain *link = &record->chain[i];

		link->certificate = desk_borrow(certificate->der);
		link->id = (struct record_bytes){ (uint8_t *)certificate->id, KEY_ID_SIZE };
		link->label = certificate->name;
		memcpy(link->check_value, certificate->check_value, sizeof(link->check_value));
	}
	record->chain_count = job->chain_count;
}

/* The CKA_ID of a new record: the usual one, else (an older identity kept it over --replace)
 * another that the key also determines.
 */
static bool choose_id(const struct job *job, const struct record *target, struct record_bytes *id,
		      GError **error)
{
	uint8_t *const choices[] = { (uint8_t *)job->leaf.id, (uint8_t *)job->leaf.spki_hash };

	for (size_t i = 0; i < G_N_ELEMENTS(choices); i++) {
		const struct record *other = desk_by_id(&job->desk, choices[i], KEY_ID_SIZE);

		if (other && other != target)
			continue;
		*id = (struct record_bytes){ choices[i], KEY_ID_SIZE };
		return true;
	}
	return taken(desk_by_id(&job->desk, job->leaf.id, KEY_ID_SIZE), NULL, error);
}

static char *choose_label(const struct job *job, const struct record *target, enum change change)
{
	const char *wanted = job->import->label ? job->import->label : job->leaf.name;
	const struct record *other = desk_by_label(&job->desk, wanted);

	if (change == CHANGE_REPLACE || change == CHANGE_RENEW || change == CHANGE_CHAIN ||
	    (target && other))
		return g_strdup(target->label);
	/* A key that waits for its certificate was given its name when it was made. */
	if (change == CHANGE_PAIR && (target->leaf.length > 0 || target->local))
		return g_strdup(target->label);
	return g_strdup(wanted);
}

/* Before the record: what it replaces is never without one. */
static bool keep_former(struct job *job, enum change change, const struct record *target,
			GError **error)
{
	gint64 days = (gint64)devid_account_overlap(job->import->account);

	if ((change != CHANGE_REPLACE && change != CHANGE_RENEW) ||
	    memcmp(target->spki_hash, job->leaf.spki_hash, sizeof(target->spki_hash)) == 0)
		return true;
	return former_write(&job->desk, target, days * 86400, &job->undo->former, error);
}

/* The identity has its key: what can't be cleared away now is left to the next writer. */
static void end_waiting(struct job *job, const struct record *waiting)
{
	g_autoptr(GError) error = NULL;

	job->undo->waiting = g_strdup(waiting->name);
	job->undo->waited = desk_bytes(&job->desk, waiting->name);
	if (!desk_erase(&job->desk, waiting->name, &error))
		g_warning("%s", error->message);
}

/* Puts the record in place; its values are borrowed from the job and from the old record. */
static bool commit(struct job *job, enum change change, const struct record *target,
		   struct identity_result *result, GError **error)
{
	g_autofree char *label = choose_label(job, target, change);
	g_autofree char *now = NULL;
	g_autoptr(GDateTime) clock = g_date_time_new_now_utc();
	struct record record = { 0 };
	const struct record *other;
	const struct record *key =
		change == CHANGE_RENEW ? desk_by_spki(&job->desk, job->leaf.spki_hash) : target;
	struct labels labels = { label, label, label };
	struct half_facts facts = { false, NULL };

	other = desk_by_label(&job->desk, label);
	if (other && other != target)
		return taken(other, NULL, error);
	now = g_date_time_format(clock, "%Y-%m-%dT%H:%M:%SZ");
	record.imported = now;
	record.store = (char *)(brings_half(job, change) ? job->import->store->name : key->store);
	/* What takes another's place is called as that was, each object of it. */
	if (change == CHANGE_REPLACE || change == CHANGE_RENEW || change == CHANGE_CHAIN)
		labels = labels_of(target);
	labels_put(&labels, &record);
	memcpy(record.spki_hash, job->leaf.spki_hash, sizeof(record.spki_hash));
	record.spki = desk_borrow(job->leaf.spki);
	record.size_accepted = job->size_accepted;
	record.local = key && key->local && !brings_half(job, change);
	if (brings_half(job, change))
		facts = job->undo->written->facts;
	else if (key)
		facts = (struct half_facts){ key->no_pss, key->auth };
	record.no_pss = facts.no_pss;
	record.auth = (char *)facts.auth;
	memcpy(record.check_value, job->leaf.check_value, sizeof(record.check_value));
	record.leaf = desk_borrow(job->leaf.der);
	fill_chain(job, &record);
	if (target && !(change == CHANGE_PAIR && target->leaf.length == 0))
		record.id = target->id;
	else if (!choose_id(job, target, &record.id, error))
		return false;
	memcpy(record.name, job->name, sizeof(record.name));
	if (!keep_former(job, change, target, error) || !desk_write(&job->desk, &record, error))
		return false;
	if (change == CHANGE_RENEW)
		end_waiting(job, key);
	result->changed = true;
	/* A key that moves is its certificate's all the same. */
	result->replaced = (change == CHANGE_REPLACE || change == CHANGE_RENEW) &&
			   !same_bytes(&target->leaf, job->leaf.der);
	result->label = g_steal_pointer(&label);
	result->id = g_bytes_new(record.id.data, record.id.length);
	result->name = g_strdup(record.name);
	job->undo->name = g_strdup(record.name);
	job->undo->after = desk_bytes(&job->desk, record.name);
	return true;
}

/* --- the private half */

static bool write_half(struct job *job, const char *label, GError **error)
{
	const struct identity_import *import = job->import;

	job->undo->written = mark_begin(&job->desk, import->store, job->leaf.spki_hex, error);
	if (!job->undo->written)
		return false;
	desk_pause(&job->desk);
	return mark_write(job->undo->written, label, import->pkcs8, job->wait, error) &&
	       desk_resume(&job->desk, store_wait_cancel(job->wait), error);
}

/* The half that the record names now and will not name any more. */
static bool mark_old_half(struct job *job, enum change change, const struct record *target,
			  GError **error)
{
	const struct store *store =
		target && record_has_key(target) ? store_find(target->store) : NULL;
	char hex[SPKI_HEX_SIZE];

	if (!store)
		return true;
	hex_encode(target->spki_hash, sizeof(target->spki_hash), hex);
	if (strcmp(hex, job->leaf.spki_hex) == 0 &&
	    (!brings_half(job, change) || store == job->import->store))
		return true;
	job->undo->replaced = mark_begin(&job->desk, store, hex, error);
	return job->undo->replaced != NULL;
}

/* All of it is here, but for a key that may have gone missing; it comes back as its record says. */
static bool restore(struct job *job, const struct record *record, struct identity_result *result,
		    GError **error)
{
	const struct store *store = store_find(record->store);
	g_autoptr(key_reference) there = NULL;
	g_autofree char *label = g_strdup(record->label);
	g_autofree char *auth = g_strdup(record->auth);
	g_autoptr(GError) local = NULL;
	struct store_wait wait;

	result->name = g_strdup(record->name);
	result->label = g_strdup(record->label);
	result->id = g_bytes_new(record->id.data, record->id.length);
	if (!store)
		return true;
	desk_pause(&job->desk);
	there = half_try(store, job->import->scope, job->leaf.spki_hex, job->wait, &local);
	if (there || devid_error_result(local) != DEVID_KEY_MISSING || !job->import->pkcs8) {
		if (local)
			g_propagate_error(error, g_steal_pointer(&local));
		return there != NULL;
	}
	if (!desk_resume(&job->desk, store_wait_cancel(job->wait), error))
		return false;
	job->undo->written = mark_begin(&job->desk, store, job->leaf.spki_hex, error);
	if (!job->undo->written)
		return false;
	desk_pause(&job->desk);
	job->undo->restored = true;
	wait = *job->wait;
	wait.credential = g_strcmp0(auth, HALF_AUTH_CREDENTIAL) == 0;
	result->changed = mark_write(job->undo->written, label, job->import->pkcs8, &wait, error);
	return result->changed;
}

static bool change_identity(struct job *job, enum change change, const struct record *target,
			    struct identity_result *result, GError **error)
{
	g_autofree char *label = choose_label(job, target, change);
	enum change again;

	if (target)
		memcpy(job->name, target->name, sizeof(job->name));
	else
		desk_new_name(&job->desk, job->name);
	/* First: of several that replace the same, one writes and the others wait. */
	if (!mark_old_half(job, change, target, error))
		return false;
	if (brings_half(job, change)) {
		if (!write_half(job, label, error) || !decide(job, &again, &target, error))
			return false;
		if (again != change || (target && strcmp(target->name, job->name) != 0))
			return devid_error_set(error, DEVID_EXISTS, NULL, "try again",
					       "\"%s\": another program changed it in the meantime",
					       label);
	}
	if (target)
		job->undo->before = desk_bytes(&job->desk, target->name);
	return commit(job, change, target, result, error);
}

static bool try_import(struct job *job, struct identity_result *result, GError **error)
{
	const struct record *target;
	enum change change;

	if (!check(job, error) ||
	    !writer_open(job->import->scope, true, store_wait_cancel(job->wait), &job->desk,
			 error) ||
	    !decide(job, &change, &target, error))
		return false;
	return change == CHANGE_NONE ? restore(job, target, result, error)
				     : change_identity(job, change, target, result, error);
}

bool identity_import(const struct identity_import *import, const struct store_wait *wait,
		     struct identity_result *result, struct identity_undo **undo, GError **error)
{
	g_autoptr(GError) local = NULL;
	gint64 until = 0;
	bool done, again;

	*undo = NULL;
	do {
		struct store_wait own;
		struct job job = { .import = import, .wait = &own, .desk = DESK_INIT };

		memset(result, 0, sizeof(*result));
		result->warnings = g_ptr_array_new_with_free_func(g_free);
		own = store_wait_telling(wait, result->warnings);
		job.undo = identity_undo_new(import->scope);
		done = try_import(&job, result, &local);
		if (done && result->changed)
			*undo = g_steal_pointer(&job.undo);
		job_clear(&job);
		if (!done)
			identity_result_clear(result);
		again = !done && mark_try_again(&job.desk, &until, wait, &local);
	} while (again);
	if (!done)
		g_propagate_error(error, g_steal_pointer(&local));
	return done;
}

void identity_result_clear(struct identity_result *result)
{
	g_free(result->name);
	g_free(result->label);
	g_clear_pointer(&result->id, g_bytes_unref);
	g_clear_pointer(&result->warnings, g_ptr_array_unref);
	memset(result, 0, sizeof(*result));
}
