/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an import would come to: see foresee.h. */
#include <string.h>
#include "base/error.h"
#include "base/json-value.h"
#include "identity/agent-look.h"
#include "identity/agent.h"
#include "choices.h"
#include "foresee.h"
#include "here.h"

/* Whether the store can be used, as the agent sees it now. */
static bool foresee_store(const struct import *import, GError **error)
{
	AUTO_CLIENT struct client client = CLIENT_INIT;
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT;
	AUTO_FRAME struct wire_frame reply = WIRE_FRAME_INIT;
	g_autoptr(JsonParser) parser = json_parser_new();
	const char *title, *why;
	JsonObject *store;

	if (!agent_connect(&client, import->scope, CLIENT_START, error))
		return false;
	wire_begin(&request, WIRE_STATUS);
	if (!agent_ask(&client, &request, &reply, error))
		return false;
	store = agent_status_store(agent_status(&reply, parser), import->store);
	if (g_strcmp0(json_value_text(store, "state"), "missing") != 0)
		return true;
	title = json_value_text(store, "title");
	why = json_value_text(store, "why");
	devid_error_set(error, DEVID_STORE_MISSING, NULL, NULL, "%s: %s",
			!title ? import->store : title, !why ? "it can't be reached" : why);
	import_name_choices(import, error);
	return false;
}

static const struct identity *find_spki(const identity_list *list, const gnutls_datum_t *spki)
{
	for (size_t i = 0; i < identity_list_count(list); i++) {
		const struct record *record = identity_list_get(list, i)->record;

		if (record->spki.length == spki->size &&
		    memcmp(record->spki.data, spki->data, spki->size) == 0)
			return identity_list_get(list, i);
	}
	return NULL;
}

/* What is here of the certificate's key. */
static const struct identity *find_key(const identity_list *list, const struct import *import)
{
	const struct identity *found = NULL;
	gnutls_datum_t spki = { NULL, 0 };
	gnutls_pubkey_t key;

	if (gnutls_pubkey_init(&key) < 0)
		return NULL;
	if (gnutls_pubkey_import_x509(key, import->chain[0], 0) >= 0 &&
	    gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &spki) >= 0)
		found = find_spki(list, &spki);
	gnutls_free(spki.data);
	gnutls_pubkey_deinit(key);
	return found;
}

static const struct identity *find_name(const identity_list *list, const char *name)
{
	for (size_t i = 0; i < identity_list_count(list); i++)
		if (strcmp(identity_list_get(list, i)->record->name, name) == 0)
			return identity_list_get(list, i);
	return NULL;
}

/* What a certificate becomes whose key waits here: the identity that it renews, or one of the key's
 * own name. NULL: none does. */
static const struct identity *foresee_waiting(const identity_list *list, const struct identity *key)
{
	const struct identity *renewed = NULL;

	if (!key || key->record->leaf.length > 0)
		return NULL;
	if (key->record->renews)
		renewed = find_name(list, key->record->renews);
	return renewed ? renewed : key;
}

static void foresee_label(struct import *import, const char *label)
{
	g_free(import->label);
	import->label = g_strdup(label);
}

/* `here` has the key with another certificate. */
static bool foresee_certificate(struct import *import, const identity_list *list,
				const struct identity *here, GError **error)
{
	const struct identity *called = identity_list_called(list, import->label);
	bool replace = import->options->replace;

	if (!replace || (called && called != here))
		return devid_error_set(error, DEVID_EXISTS, NULL,
				       replace ? "remove one of the two first: devid remove"
					       : "to put the new certificate in its place: "
						 "--replace",
				       "it is already here as \"%s\"", here->record->label);
	if (!import->options->label)
		foresee_label(import, here->record->label);
	return true;
}

/* What has this very certificate, or the label that it is to get. `here`, where that is changed. */
static bool foresee_leaf(struct import *import, const identity_list *list,
			 const struct identity **here, GError **error)
{
	for (size_t i = 0; i < identity_list_count(list); i++) {
		const struct identity *identity = identity_list_get(list, i);

		if (import_same_leaf(identity->record, import) &&
		    record_has_key(identity->record)) {
			*here = identity;
			import->changed = false;
			foresee_label(import, identity->record->label);
			if (!import->asked_label || strcmp(import->asked_label, import->label) == 0)
				continue;
			if (!import_may_rename(import, list, import->label, error))
				return false;
			import->renamed_from = import->label;
			import->label = g_strdup(import->asked_label);
			break;
		} else if (strcmp(identity->record->label, import->label) == 0 &&
			   !import->options->replace)
			return devid_error_set(error, DEVID_EXISTS, "exists",
					       "choose another --label, or --replace what is there",
					       "%s: another identity has this label",
					       import->label);
	}
	return true;
}

bool import_foresee(struct import *import, GError **error)
{
	g_autoptr(identity_list) list = import_list_here(import, error);
	const struct identity *key = list ? find_key(list, import) : NULL;
	const struct identity *here = list ? foresee_waiting(list, key) : NULL;

	if (!list)
		return false;
	import->changed = true;
	if (here) {
		foresee_label(import, here->record->label);
		import->uri = g_strdup(here->uri);
		return true;
	}
	if (key && !import_same_leaf(key->record, import)) {
		here = key;
		if (!foresee_certificate(import, list, here, error))
			return false;
	} else if (!foresee_leaf(import, list, &here, error)) {
		return false;
	}
	import->uri = identity_list_uri(list, import->scope,
					here ? here : identity_list_called(list, import->label),
					import->label);
	return !import->changed || foresee_store(import, error);
}
