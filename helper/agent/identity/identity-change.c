/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Removing and renaming identities. */
#include "agent/store/store.h"
#include "base/error.h"
#include "former.h"
#include "identity-certificate.h"
#include "identity-change.h"
#include "identity-desk.h"
#include "identity-label.h"
#include "identity-mark.h"
#include "identity-writer.h"

static const struct record *find(const struct desk *desk, const char *name, GError **error)
{
	const struct record *record = desk_by_name(desk, name);

	if (!record)
		devid_error_set(error, DEVID_NOT_FOUND, NULL, NULL, "there is no such identity");
	return record;
}

/* The key stays as it is; the identity is called as the key from here on, unless another one is. */
static bool remove_certificates(struct desk *desk, const struct record *record,
				const struct store_wait *wait, GError **error)
{
	struct record edited = *record;
	struct labels labels = labels_of(record);
	const struct record *other = desk_by_label(desk, labels.key);

	edited.leaf = (struct record_bytes){ NULL, 0 };
	edited.chain_count = 0;
	edited.size_accepted = false;
	if (!other)
		labels.name = labels.key;
	labels_put(&labels, &edited);
	if (!desk_write(desk, &edited, error))
		return false;
	desk_pause(desk);
	if (!g_str_equal(edited.label, record->label))
		identity_relabel(desk->folder.scope, edited.store, edited.spki_hash, edited.label,
				 wait);
	return true;
}

/* Takes away all of a record, its key or its certificates. `mark` is set where a half goes with
 * it. */
static bool remove_from_record(struct desk *desk, const struct record *record, guint32 object,
			       const struct store_wait *wait, struct mark **mark, GError **error)
{
	const struct store *store = record_has_key(record) ? store_find(record->store) : NULL;
	struct record edited = *record;
	struct labels labels = labels_of(record);
	char hex[SPKI_HEX_SIZE];

	if (object == OBJECT_CERTIFICATE && record_has_key(record))
		return remove_certificates(desk, record, wait, error);
	if (store) {
		hex_encode(record->spki_hash, sizeof(record->spki_hash), hex);
		*mark = mark_begin(desk, store, hex, error);
		if (!*mark)
			return false;
	}
	if (object == OBJECT_PRIVATE_KEY && record->leaf.length > 0) {
		edited.store = (char *)"none";
		labels_put(&labels, &edited); /* those of the keys go with them */
		return desk_write(desk, &edited, error);
	}
	return desk_erase(desk, record->name, error);
}

bool identity_remove(enum scope scope, const char *name, guint32 object,
		     const struct store_wait *wait, GPtrArray *warnings, GError **error)
{
	g_autoptr(GError) local = NULL;
	AUTO_WRITER struct desk desk;
	struct mark *mark = NULL;
	gint64 until = 0;
	bool done, had_key;

	do {
		const struct record *record;

		if (!writer_open(scope, true, store_wait_cancel(wait), &desk, error))
			return false;
		record = find(&desk, name, &local);
		done = record && remove_from_record(&desk, record, object, wait, &mark, &local);
		writer_close(&desk);
	} while (!done && mark_try_again(&desk, &until, wait, &local));
	if (!done) {
		mark_settle(mark);
		g_propagate_error(error, g_steal_pointer(&local));
		return false;
	}
	/* The identity is gone for everybody; the half follows, now or with the next writer. */
	had_key = mark != NULL;
	if (!mark_end(mark, wait, &local))
		g_ptr_array_add(warnings,
				g_strdup_printf("the private key could not be removed yet: %s",
						local->message));
	/* What it was before has nobody to sign on for either. */
	g_clear_error(&local);
	if (had_key && !identity_retire(scope, name, wait, NULL, warnings, &local))
		g_ptr_array_add(warnings, g_strdup(local->message));
	return true;
}

bool identity_retire(enum scope scope, const char *name, const struct store_wait *wait,
		     guint *count, GPtrArray *warnings, GError **error)
{
	AUTO_WRITER struct desk desk = DESK_INIT;
	g_autoptr(GPtrArray) ended = NULL;

	if (!writer_open(scope, true, store_wait_cancel(wait), &desk, error) ||
	    !former_sweep(&desk, name, count, error))
		return false;
	ended = g_steal_pointer(&desk.stale);
	writer_close(&desk);
	g_ptr_array_set_free_func(ended, NULL);
	for (guint i = 0; i < ended->len; i++) {
		g_autoptr(GError) local = NULL;

		if (!mark_end(ended->pdata[i], wait, &local))
			g_ptr_array_add(warnings,
					g_strdup_printf("a former private key could not be "
							"removed yet: %s",
							local->message));
	}
	return true;
}

void identity_relabel(enum scope scope, const char *store_name, const guint8 spki_hash[32],
		      const char *label, const struct store_wait *wait)
{
	const struct store *store = store_find(store_name);
	g_autoptr(GError) error = NULL;
	char hex[SPKI_HEX_SIZE];

	if (!store || !store->relabel || !half_is_open(store, scope))
		return;
	hex_encode(spki_hash, 32, hex);
	if (!store->relabel(scope, hex, label, wait, &error))
		g_message("%s: the new label is not shown there: %s", store->title, error->message);
}

static bool is_free(const struct record *other, const struct record *record, const char *what,
		    GError **error)
{
	if (!other || other == record)
		return true;
	return devid_error_set(error, DEVID_EXISTS, NULL, NULL, "that %s belongs to \"%s\"", what,
			       other->label);
}

bool identity_rename(enum scope scope, const char *name, guint32 object, const char *new_label,
		     GBytes *new_id, const struct store_wait *wait, GError **error)
{
	AUTO_WRITER struct desk desk = DESK_INIT;
	const struct record *record;
	struct record edited;
	bool renamed;

	if ((new_label && !certificate_label_is_good(new_label, error)) ||
	    !writer_open(scope, true, store_wait_cancel(wait), &desk, error))
		return false;
	record = find(&desk, name, error);
	if (!record)
		return false;
	edited = *record;
	if (new_label && object == 0)
		labels_rename(&edited, new_label);
	else if (new_label && !labels_set(&edited, object, new_label, error))
		return false;
	renamed = !g_str_equal(edited.label, record->label);
	if (renamed && !is_free(desk_by_label(&desk, edited.label), record, "label", error))
		return false;
	if (new_id) {
		edited.id.data = (uint8_t *)g_bytes_get_data(new_id, &edited.id.length);
		if (!is_free(desk_by_id(&desk, edited.id.data, edited.id.length), record, "CKA_ID",
			     error))
			return false;
	}
	if (!desk_write(&desk, &edited, error))
		return false;
	desk_pause(&desk);
	if (renamed)
		identity_relabel(scope, edited.store, edited.spki_hash, edited.label, wait);
	return true;
}
