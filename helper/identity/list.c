/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The identities of both tokens, read from their records without the agent. */
#include <stdlib.h>
#include <string.h>
#include <devid/reason.h>

#include "account/certificate-fact.h"
#include "base/certificate.h"
#include "base/error.h"
#include "base/text.h"
#include "front.h"
#include "identity.h"
#include "list.h"
#include "uri.h"

struct identity_list {
	struct record_list records[2]; /* by enum scope */
	GHashTable *called[2];	       /* identity_called() of them */
	GArray *identities;	       /* struct identity */
	GArray *authorities;	       /* likewise; what identity_list_add_authorities() adds */
	GPtrArray *foreign; /* struct record* that others made (foreign.c, all-users.c) */
};

static void warn_skipped(const char *file, unsigned line, const char *why, void *data)
{
	const char *folder = data;

	if (line != 0)
		front_warn("%s/%s:%u: %s; skipped", folder, file, line, why);
	else
		front_warn("%s/%s: %s; skipped", folder, file, why);
}

static void close_chain(struct identity *identity)
{
	for (size_t i = 0; i < identity->chain_count; i++)
		gnutls_x509_crt_deinit(identity->chain[i]);
	g_clear_pointer(&identity->chain, g_free);
	identity->chain_count = 0;
	identity->opened = false;
}

static void identity_clear(void *data)
{
	struct identity *identity = data;

	close_chain(identity);
	g_free(identity->uri);
	g_free(identity->query);
	g_free(identity->user);
}

static void record_free(void *data)
{
	record_clear(data);
	free(data);
}

/* A record holds its certificates as bytes; one that GnuTLS can't read leaves the identity without
 * a chain, and the check of it fails.
 */
static bool import_chain(struct identity *identity)
{
	struct record *record = identity->record;

	if (record->leaf.length == 0)
		return true;
	identity->chain = g_new0(gnutls_x509_crt_t, record->chain_count + 1);
	for (size_t i = 0; i <= record->chain_count; i++) {
		const struct record_bytes *der =
			i == 0 ? &record->leaf : &record->chain[i - 1].certificate;

		identity->chain[i] = certificate_from_der(der->data, der->length);
		if (!identity->chain[i])
			return false;
		identity->chain_count++;
	}
	return true;
}

/* A CA's certificate by itself, as another program may have written it: nobody's device
 * identity. */
static bool is_lone_authority(const struct identity *identity)
{
	const struct record_bytes *leaf = &identity->record->leaf;

	return !identity->foreign && !record_has_key(identity->record) &&
	       certificate_der_claims_ca(leaf->data, leaf->length);
}

/* Takes it over. */
static void append(struct identity_list *list, const struct identity *identity)
{
	g_array_append_vals(is_lone_authority(identity) ? list->authorities : list->identities,
			    identity, 1);
}

static bool load_half(struct identity_list *list, enum scope scope, GError **error)
{
	struct record_list *records = &list->records[scope];
	char folder[PATH_BUFFER];
	enum devid_result result;

	if (!path_data(scope, folder))
		return devid_error_set(error, DEVID_IO, NULL, "set HOME or XDG_DATA_HOME",
				       "data folder: there is no home folder for this user");
	result = record_load_folder(folder, records, warn_skipped, folder);
	if (result != DEVID_OK)
		return devid_error_set(error, result, NULL, NULL,
				       "%s: identities can't be read: %s", folder,
				       devid_reason_for(result)->cause);
	list->called[scope] = identity_called(records);
	for (size_t i = 0; i < records->count; i++) {
		struct identity identity = { .scope = scope, .record = &records->records[i] };

		identity.uri = identity_uri(scope, list->called[scope], identity.record,
					    identity.record->label);
		identity.token = identity_token_label(scope);
		append(list, &identity);
	}
	return true;
}

struct identity_list *identity_list_load(bool user, bool system, GError **error)
{
	struct identity_list *list = g_new0(struct identity_list, 1);

	list->foreign = g_ptr_array_new_with_free_func(record_free);
	list->identities = g_array_new(false, true, sizeof(struct identity));
	list->authorities = g_array_new(false, true, sizeof(struct identity));
	g_array_set_clear_func(list->identities, identity_clear);
	if ((user && !load_half(list, SCOPE_USER, error)) ||
	    (system && !load_half(list, SCOPE_SYSTEM, error)))
		g_clear_pointer(&list, identity_list_free);
	return list;
}

void identity_list_free(struct identity_list *list)
{
	if (!list)
		return;
	(void)identity_list_add_authorities(list);
	g_array_unref(list->identities);
	g_array_unref(list->authorities);
	g_ptr_array_unref(list->foreign);
	for (size_t scope = 0; scope < G_N_ELEMENTS(list->records); scope++) {
		g_clear_pointer(&list->called[scope], g_hash_table_unref);
		record_list_clear(&list->records[scope]);
	}
	g_free(list);
}

void identity_list_append_foreign(struct identity_list *list, struct record *record,
				  const char *uri, const char *query, const char *token,
				  bool hardware)
{
	struct identity identity = {
		.scope = SCOPE_USER,
		.record = record,
		.uri = g_strdup(uri),
		.query = g_strdup(query),
		.token = g_intern_string(token),
		.foreign = true,
		.hardware = hardware,
	};

	g_ptr_array_add(list->foreign, record);
	append(list, &identity);
}

void identity_list_append_user(struct identity_list *list, struct record *record, const char *user)
{
	struct identity identity = {
		.scope = SCOPE_USER,
		.record = record,
		.uri = identity_uri(SCOPE_USER, NULL, record, record->label),
		.token = identity_token_label(SCOPE_USER),
		.user = g_strdup(user),
	};

	g_ptr_array_add(list->foreign, record);
	append(list, &identity);
}

size_t identity_list_add_authorities(struct identity_list *list)
{
	size_t count = list->authorities->len;

	if (count > 0)
		g_array_append_vals(list->identities, list->authorities->data, (guint)count);
	g_array_set_size(list->authorities, 0);
	return count;
}

char *identity_list_uri(const struct identity_list *list, enum scope scope,
			const struct identity *identity, const char *name)
{
	return identity_uri(scope, list->called[scope], identity ? identity->record : NULL, name);
}

size_t identity_list_count(const struct identity_list *list)
{
	return list->identities->len;
}

static struct identity *identity_at(const struct identity_list *list, size_t index)
{
	return &g_array_index(list->identities, struct identity, index);
}

static void warn_unreadable(const struct identity *identity)
{
	char folder[PATH_BUFFER];

	if (!identity->foreign && !identity->user && path_data(identity->scope, folder))
		front_warn("%s/%s%s: a certificate in it can't be read", folder,
			   identity->record->name, RECORD_SUFFIX);
}

const struct identity *identity_list_get(const struct identity_list *list, size_t index)
{
	struct identity *identity = identity_at(list, index);

	if (!identity->opened) {
		identity->opened = true;
		if (!import_chain(identity))
			warn_unreadable(identity);
	}
	return identity;
}

void identity_list_done_with(const struct identity_list *list, size_t index)
{
	close_chain(identity_at(list, index));
}

static char *label_list(const struct identity_list *list)
{
	g_autoptr(GString) names = g_string_new(NULL);

	for (size_t i = 0; i < identity_list_count(list); i++) {
		const struct identity *identity = identity_at(list, i);

		g_string_append_printf(names, "%s%s%s", i == 0 ? "" : ", ", identity->record->label,
				       identity->scope == SCOPE_SYSTEM ? " (system)" : "");
	}
	return g_string_free(g_steal_pointer(&names), false);
}

static const struct identity *find_only(const struct identity_list *list, GError **error)
{
	g_autofree char *names = NULL;

	if (identity_list_count(list) == 1)
		return identity_list_get(list, 0);
	if (identity_list_count(list) == 0)
		return devid_error_null(error, DEVID_NOT_FOUND, NULL, "devid import-cert FILE.p12",
					"no device identity here yet");
	names = label_list(list);
	return devid_error_null(error, DEVID_USAGE, NULL, "name one of them",
				"there are several identities: %s", names);
}

static bool named_exactly(const struct identity *identity, const char *word)
{
	return strcmp(identity->record->label, word) == 0 || identity_has_uri(identity, word);
}

/* As it was printed, for people (\xHH) or in JSON (\uHHHH). */
static bool named_as_printed(const struct identity *identity, const char *word)
{
	g_autofree char *printed = text_printable(identity->record->label);
	g_autofree char *meant = text_unescape(word);

	return strcmp(printed, word) == 0 || strcmp(identity->record->label, meant) == 0;
}

bool identity_is_named(const struct identity *identity, const char *word)
{
	return named_exactly(identity, word) || named_as_printed(identity, word);
}

/* The user's records stand before the machine's. */
static const struct identity *find_named(const struct identity_list *list, const char *word,
					 bool (*named)(const struct identity *, const char *))
{
	for (size_t i = 0; i < identity_list_count(list); i++)
		if (named(identity_at(list, i), word))
			return identity_list_get(list, i);
	return NULL;
}

/* A label that reads like another's escapes is itself first. */
static bool (*const namings[])(const struct identity *, const char *) = { named_exactly,
									  named_as_printed };

const struct identity *identity_list_called(const struct identity_list *list, const char *label)
{
	for (size_t i = 0; i < identity_list_count(list); i++)
		if (strcmp(identity_list_get(list, i)->record->label, label) == 0)
			return identity_list_get(list, i);
	return NULL;
}

const struct identity *identity_list_find(const struct identity_list *list, const char *label,
					  GError **error)
{
	g_autofree char *names = NULL, *hint = NULL;

	if (!label)
		return find_only(list, error);
	for (size_t i = 0; i < G_N_ELEMENTS(namings); i++) {
		const struct identity *identity = find_named(list, label, namings[i]);

		if (identity)
			return identity;
	}
	if (identity_list_count(list) == 0) {
		hint = g_strdup("no device identity here yet: devid import-cert FILE.p12");
	} else {
		names = label_list(list);
		hint = g_strdup_printf("there are: %s", names);
	}
	return devid_error_null(error, DEVID_NOT_FOUND, NULL, hint,
				"%s: no identity has this label", label);
}
