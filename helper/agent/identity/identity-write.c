/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Objects that other tools write one after the other (C_CreateObject): a key and a certificate pair
 * by their SPKI, whichever comes first, under the certificate's CKA_ID; each with the label that it
 * came with.
 */
#include <string.h>
#include <gnutls/abstract.h>
#include <internal/cleanup.h>
#include "account/certificate-fact.h"
#include "agent/key/encode.h"
#include "agent/store/store.h"
#include "base/error.h"
#include "identity-certificate.h"
#include "identity-change.h"
#include "identity-desk.h"
#include "identity-import.h"
#include "identity-label.h"
#include "identity-mark.h"
#include "identity-write.h"
#include "identity-writer.h"
#include "identity.h"

#define LABEL_TRIES 1000

struct writing {
	enum scope scope;
	const struct wire_frame *request;
	const struct devid_account *account;
	const struct store_wait *wait;
	const char *label; /* as asked for, or NULL */
	const char *public_label;
	struct wire_field id;	 /* length 0: none was asked for */
	bool local;		 /* the key is being made */
	struct half_facts facts; /* of the half that came */
	const char *renews;	 /* for the record of that name, or NULL */
	struct desk desk;
	struct identity_result *result;
};

static bool refuse(const char *what, const struct record *other, GError **error)
{
	return devid_error_set(error, DEVID_EXISTS, NULL, NULL, "%s \"%s\"", what, other->label);
}

/* A label that was not asked for gets a number where it is taken. */
static char *free_label(const struct desk *desk, const char *wanted)
{
	char *label = g_strdup(wanted);

	for (int i = 2; i < LABEL_TRIES && desk_by_label(desk, label); i++) {
		g_free(label);
		label = g_strdup_printf("%.*s (%d)", RECORD_LABEL_MAX - 8, wanted, i);
	}
	return label;
}

static void tell(struct writing *writing, const struct record *record, bool changed)
{
	writing->result->name = g_strdup(record->name);
	writing->result->label = g_strdup(record->label);
	writing->result->id = g_bytes_new(record->id.data, record->id.length);
	writing->result->changed = changed;
}

/* Label and CKA_ID must be nobody else's; then the record is put in place. */
static bool commit(struct writing *writing, const struct record *target, struct record *record,
		   GError **error)
{
	g_autoptr(GDateTime) clock = g_date_time_new_now_utc();
	g_autofree char *now = g_date_time_format(clock, "%Y-%m-%dT%H:%M:%SZ");
	const struct record *other = desk_by_label(&writing->desk, record->label);

	if (other && other != target)
		return refuse("that label belongs to", other, error);
	other = desk_by_id(&writing->desk, record->id.data, record->id.length);
	if (other && other != target)
		return refuse("that CKA_ID belongs to another key's", other, error);
	record->imported = now;
	if (target)
		memcpy(record->name, target->name, sizeof(record->name));
	else
		desk_new_name(&writing->desk, record->name);
	if (!desk_write(&writing->desk, record, error))
		return false;
	tell(writing, record, true);
	return true;
}

/* --- certificates */

static bool place_certificate(struct writing *writing, const struct certificate *certificate,
			      GError **error)
{
	const struct record *target = desk_by_spki(&writing->desk, certificate->spki_hash);
	g_autofree char *label = NULL;
	struct labels labels = { NULL, NULL, NULL };
	struct record record = { 0 };

	if (certificate->authority && target && record_has_key(target))
		return refuse("a CA's certificate doesn't belong to the device key", target, error);
	if (target && target->leaf.length > 0) {
		if (target->leaf.length != g_bytes_get_size(certificate->der) ||
		    memcmp(target->leaf.data, g_bytes_get_data(certificate->der, NULL),
			   target->leaf.length) != 0)
			return refuse("this key has a certificate already:", target, error);
		tell(writing, target, false);
		return true;
	}
	if (target) {
		record = *target;
		labels = labels_of(target);
	}
	label = writing->label ? g_strdup(writing->label)
		: target       ? g_strdup(target->label)
			       : free_label(&writing->desk, certificate->name);
	record.store = target ? target->store : (char *)"none";
	labels.name = label;
	labels_put(&labels, &record);
	record.id =
		writing->id.length > 0
			? (struct record_bytes){ (uint8_t *)writing->id.data, writing->id.length }
			: (struct record_bytes){ (uint8_t *)certificate->id, KEY_ID_SIZE };
	record.spki = desk_borrow(certificate->spki);
	memcpy(record.spki_hash, certificate->spki_hash, sizeof(record.spki_hash));
	record.leaf = desk_borrow(certificate->der);
	memcpy(record.check_value, certificate->check_value, sizeof(record.check_value));
	if (!commit(writing, target, &record, error))
		return false;
	desk_pause(&writing->desk);
	if (target && strcmp(target->label, label) != 0)
		identity_relabel(writing->scope, record.store, record.spki_hash, label,
				 writing->wait);
	return true;
}

static bool write_certificate(struct writing *writing, GError **error)
{
	AUTO_CERTIFICATE struct certificate certificate = CERTIFICATE_INIT;
	g_autoptr(GBytes) der = NULL;
	struct wire_field field;
	bool accepted;

	if (!wire_get(writing->request, TAG_CERTIFICATE, &field))
		return devid_error_set(error, DEVID_USAGE, NULL, NULL,
				       "certificate: there is none");
	der = g_bytes_new(field.data, field.length);
	if (!certificate_read(der, "certificate", &certificate, error))
		return false;
	if (certificate.authority
		    ? !certificate_fits_signing(&certificate, writing->account, error)
		    : !certificate_fits(&certificate, writing->account, false, &accepted, error) ||
			      !certificate_spki_is_supported(certificate.spki, "key", error))
		return false;
	return writer_open(writing->scope, true, store_wait_cancel(writing->wait), &writing->desk,
			   error) &&
	       place_certificate(writing, &certificate, error);
}

/* --- private keys */

static const struct store *choose_store(const struct writing *writing, GError **error)
{
	const struct store *store = store_find(writing->scope == SCOPE_SYSTEM ? "file" : "keyring");
	g_autofree char *why = NULL;

	if (store->state(writing->scope, &why) != STORE_MISSING)
		return store;
	return devid_error_null(error, DEVID_STORE_MISSING, NULL, NULL, "%s",
				why ? why : store->title);
}

static bool place_key(struct writing *writing, const struct store *store, GBytes *spki,
		      GError **error)
{
	guint8 hash[32], id[KEY_ID_SIZE];
	g_autofree char *label = NULL;
	struct labels labels;
	struct record record = { 0 };
	const struct record *target;
	char hex[SPKI_HEX_SIZE];

	certificate_spki_digest(spki, hash, hex, id);
	target = desk_by_spki(&writing->desk, hash);
	if (target && record_has_key(target)) {
		tell(writing, target, false);
		return true;
	}
	if (target) {
		record = *target;
		label = g_strdup(target->label);
	} else {
		label = writing->label ? g_strdup(writing->label)
				       : free_label(&writing->desk, "Device key");
		record.id = writing->id.length > 0
				    ? (struct record_bytes){ (uint8_t *)writing->id.data,
							     writing->id.length }
				    : (struct record_bytes){ id, KEY_ID_SIZE };
		record.spki = desk_borrow(spki);
		memcpy(record.spki_hash, hash, sizeof(hash));
	}
	record.store = (char *)store->name;
	record.local = writing->local;
	record.no_pss = writing->facts.no_pss;
	record.auth = (char *)writing->facts.auth;
	record.renews = (char *)writing->renews;
	labels.name = label;
	labels.key = writing->label ? writing->label : label;
	labels.public_key = writing->public_label ? writing->public_label : labels.key;
	labels_put(&labels, &record);
	return commit(writing, target, &record, error);
}

/* Of the names that were asked for, or of the id that the key gives itself (NULL: not made yet). */
static bool names_are_free(struct writing *writing, const guint8 *own_id, GError **error)
{
	const struct record *other =
		writing->label ? desk_by_label(&writing->desk, writing->label) : NULL;

	if (other)
		return refuse("that label belongs to", other, error);
	if (writing->id.length > 0)
		other = desk_by_id(&writing->desk, writing->id.data, writing->id.length);
	else if (own_id)
		other = desk_by_id(&writing->desk, own_id, KEY_ID_SIZE);
	return !other || refuse("that CKA_ID belongs to another key's", other, error);
}

/* What place_key() would refuse is refused before the half is written. */
static bool key_may_come(struct writing *writing, const guint8 hash[32], const guint8 *id,
			 GError **error)
{
	const struct record *target = desk_by_spki(&writing->desk, hash);

	if (target && certificate_der_claims_ca(target->leaf.data, target->leaf.length))
		return refuse("a device's key is not that of the CA", target, error);
	return target || names_are_free(writing, id, error);
}

/* Hardware would wrap it anew, and with another authorisation: what can be used stays. */
static bool is_usable(struct writing *writing, const struct store *store, const char *hex)
{
	g_autoptr(key_reference) key = NULL;

	if (store->auth)
		key = half_try(store, writing->scope, hex, writing->wait, NULL);
	return key != NULL;
}

/* The half comes to its store by `give`, and then the record into its place. */
static bool bring_key(struct writing *writing, const struct store *store, GBytes *spki,
		      bool (*give)(struct mark *mark, const char *label, void *half,
				   const struct store_wait *wait, GError **error),
		      void *half, GError **error)
{
	guint8 hash[32], id[KEY_ID_SIZE];
	const struct record *target;
	g_autofree char *title = NULL;
	char hex[SPKI_HEX_SIZE];
	struct mark *mark;
	bool is_here, done;

	if (!writer_open(writing->scope, true, store_wait_cancel(writing->wait), &writing->desk,
			 error))
		return false;
	certificate_spki_digest(spki, hash, hex, id);
	if (!key_may_come(writing, hash, id, error))
		return false;
	target = desk_by_spki(&writing->desk, hash);
	if (target && record_has_key(target) && store_find(target->store))
		store = store_find(target->store);
	is_here = target && record_has_key(target);
	title = g_strdup(target ? target->label : writing->label);
	mark = mark_begin(&writing->desk, store, hex, error);
	if (!mark)
		return false;
	/* Neither the keyring's question nor the TPM may keep other writers out. */
	desk_pause(&writing->desk);
	done = ((is_here && is_usable(writing, store, hex)) ||
		give(mark, title, half, writing->wait, error)) &&
	       desk_resume(&writing->desk, store_wait_cancel(writing->wait), error);
	writing->facts = mark->facts;
	done = done && place_key(writing, store, spki, error);
	writer_close(&writing->desk);
	if (done)
		(void)mark_end(mark, writing->wait, NULL);
	else
		mark_settle(mark);
	return done;
}

static bool give_pkcs8(struct mark *mark, const char *label, void *half,
		       const struct store_wait *wait, GError **error)
{
	return mark_write(mark, label, half, wait, error);
}

static bool give_made(struct mark *mark, const char *label, void *half,
		      const struct store_wait *wait, GError **error)
{
	return mark_keep(mark, label, half, wait, error);
}

static bool write_key(struct writing *writing, GError **error)
{
	AUTO_SECRET struct secret pkcs8 = SECRET_INIT;
	g_autoptr(GBytes) spki = NULL;
	const struct store *store;

	if (!key_pkcs8_from_frame(writing->request, &pkcs8, error))
		return false;
	spki = key_spki_from_pkcs8(&pkcs8, error);
	if (!spki || !certificate_spki_is_supported(spki, "key", error))
		return false;
	store = choose_store(writing, error);
	return store && bring_key(writing, store, spki, give_pkcs8, &pkcs8, error);
}

/* --- public keys */

static gnutls_datum_t field_datum(const struct wire_frame *frame, enum wire_tag tag)
{
	struct wire_field field;

	if (!wire_get(frame, tag, &field))
		return (gnutls_datum_t){ NULL, 0 };
	return (gnutls_datum_t){ (unsigned char *)field.data, (unsigned)field.length };
}

static GBytes *public_spki(const struct wire_frame *frame)
{
	gnutls_datum_t first, second, der = { NULL, 0 };
	gnutls_pubkey_t key;
	GBytes *spki = NULL;
	guint32 type = 0;
	int status = -1;

	(void)wire_get_u32(frame, TAG_KEY_TYPE, &type);
	if (gnutls_pubkey_init(&key) != 0)
		return NULL;
	if (type == KEY_RSA) {
		first = field_datum(frame, TAG_RSA_MODULUS);
		second = field_datum(frame, TAG_RSA_PUBLIC_EXPONENT);
		if (first.data && second.data)
			status = gnutls_pubkey_import_rsa_raw(key, &first, &second);
	} else if (type == KEY_EC) {
		first = field_datum(frame, TAG_EC_PARAMS);
		second = field_datum(frame, TAG_EC_POINT);
		if (first.data && second.data)
			status = gnutls_pubkey_import_ecc_x962(key, &first, &second);
	}
	if (status == 0 && gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &der) == 0)
		spki = g_bytes_new(der.data, der.size);
	gnutls_free(der.data);
	gnutls_pubkey_deinit(key);
	return spki;
}

/* One comes with each private key by itself; writing it is no more than saying so, and what it is
 * called. */
static bool write_public_key(struct writing *writing, GError **error)
{
	g_autoptr(GBytes) spki = public_spki(writing->request);
	guint8 hash[32], id[KEY_ID_SIZE];
	const struct record *record;
	struct record edited;
	char hex[SPKI_HEX_SIZE];

	if (!spki)
		return devid_error_set(error, DEVID_BAD_DATA, NULL, NULL,
				       "public key: it can't be read");
	certificate_spki_digest(spki, hash, hex, id);
	if (!writer_open(writing->scope, true, store_wait_cancel(writing->wait), &writing->desk,
			 error))
		return false;
	record = desk_by_spki(&writing->desk, hash);
	if (!record || !record_has_key(record))
		return devid_error_set(error, DEVID_KEY_MISSING, NULL,
				       "write the private key first",
				       "public key: its private key is not here");
	edited = *record;
	if (writing->label && !g_str_equal(writing->label, record_public_key_label(record)) &&
	    (!labels_set(&edited, OBJECT_PUBLIC_KEY, writing->label, error) ||
	     !desk_write(&writing->desk, &edited, error)))
		return false;
	/* No import, whatever it is called now. */
	tell(writing, record, false);
	return true;
}

static const struct {
	enum wire_object object;
	bool (*write)(struct writing *writing, GError **error);
} objects[] = {
	{ OBJECT_CERTIFICATE, write_certificate },
	{ OBJECT_PRIVATE_KEY, write_key },
	{ OBJECT_PUBLIC_KEY, write_public_key },
};

bool identity_write(enum scope scope, const struct wire_frame *request,
		    const struct devid_account *account, const struct store_wait *wait,
		    struct identity_result *result, GError **error)
{
	AUTO_FREE char *label = wire_get_text(request, TAG_LABEL);
	struct writing writing = { .scope = scope,
				   .request = request,
				   .account = account,
				   .desk = DESK_INIT,
				   .result = result };
	struct store_wait telling;
	g_autoptr(GError) local = NULL;
	bool done = false;
	guint32 object = 0;
	gint64 until = 0;
	size_t i = 0;

	memset(result, 0, sizeof(*result));
	result->warnings = g_ptr_array_new_with_free_func(g_free);
	telling = store_wait_telling(wait, result->warnings);
	writing.wait = &telling;
	(void)wire_get_u32(request, TAG_OBJECT, &object);
	if (!wire_get(request, TAG_ID, &writing.id))
		writing.id.length = 0;
	if (label && *label)
		writing.label = label;
	while (i < G_N_ELEMENTS(objects) && objects[i].object != object)
		i++;
	if (i == G_N_ELEMENTS(objects))
		devid_error_set(error, DEVID_UNSUPPORTED, NULL, NULL,
				"object: only certificates and keys can be written");
	else if (writing.id.length > RECORD_ID_MAX)
		devid_error_set(error, DEVID_USAGE, NULL, NULL, "CKA_ID: more than %d bytes",
				RECORD_ID_MAX);
	else if (!writing.label || certificate_label_is_good(writing.label, error))
		do {
			done = objects[i].write(&writing, &local);
			writer_close(&writing.desk);
		} while (!done && mark_try_again(&writing.desk, &until, wait, &local));
	if (local)
		g_propagate_error(error, g_steal_pointer(&local));
	if (!done)
		identity_result_clear(result);
	return done;
}

/* The identity that is to be renewed is there, and no other key waits for it. */
static bool may_renew(struct writing *writing, GError **error)
{
	if (!writing->renews)
		return true;
	if (!desk_by_name(&writing->desk, writing->renews))
		return devid_error_set(error, DEVID_NOT_FOUND, NULL, NULL,
				       "there is no such identity");
	for (size_t i = 0; i < writing->desk.list.count; i++) {
		const struct record *other = &writing->desk.list.records[i];

		if (other->leaf.length == 0 && g_strcmp0(other->renews, writing->renews) == 0)
			return refuse("a key waits for it already", other, error);
	}
	return true;
}

static bool try_generate(struct writing *writing, const struct identity_wish *wish, GError **error)
{
	AUTO_HALF_MADE struct half_made made = HALF_MADE_INIT;
	const struct store *store = wish->store ? wish->store : choose_store(writing, error);

	/* A TPM takes its time for a key: what stands against it is looked for before. */
	if (!store ||
	    !writer_open(writing->scope, true, store_wait_cancel(writing->wait), &writing->desk,
			 error) ||
	    !names_are_free(writing, NULL, error))
		return false;
	if (!may_renew(writing, error))
		return false;
	writer_close(&writing->desk);
	return half_make(store, writing->scope, wish->type, wish->bits, writing->wait, &made,
			 error) &&
	       bring_key(writing, store, made.spki, give_made, &made, error);
}

static bool names_are_good(const struct identity_wish *wish, GError **error)
{
	if (wish->id.length > RECORD_ID_MAX)
		return devid_error_set(error, DEVID_USAGE, NULL, NULL, "CKA_ID: more than %d bytes",
				       RECORD_ID_MAX);
	return (!wish->label || certificate_label_is_good(wish->label, error)) &&
	       (!wish->public_label || certificate_label_is_good(wish->public_label, error));
}

bool identity_generate(enum scope scope, const struct identity_wish *wish,
		       const struct store_wait *wait, struct identity_result *result,
		       GError **error)
{
	struct writing writing = { .scope = scope,
				   .label = wish->label,
				   .public_label = wish->public_label,
				   .id = wish->id,
				   .renews = wish->renews,
				   .local = true,
				   .desk = DESK_INIT,
				   .result = result };
	struct store_wait telling;
	bool done;

	memset(result, 0, sizeof(*result));
	result->warnings = g_ptr_array_new_with_free_func(g_free);
	telling = store_wait_telling(wait, result->warnings);
	writing.wait = &telling;
	done = names_are_good(wish, error) && try_generate(&writing, wish, error);
	writer_close(&writing.desk);
	if (!done)
		identity_result_clear(result);
	return done;
}
