/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An identity's URI (RFC 7512), as it is printed and configured.
 *
 * Programs are given one and look for certificate and key by it, each with the type put behind. By
 * the identity's name, which is the certificate's label, that finds the key where the key has the
 * same label and no other key has: where another tool gave it one of its own, or called another key
 * by this name, the URI has the CKA_ID instead, which certificate and keys share and no other
 * identity has.
 */
#include <string.h>
#include "uri.h"

static const char *const token_labels[] = {
	[SCOPE_USER] = "Device Identity",
	[SCOPE_SYSTEM] = "Device Identity (system)",
};

const char *identity_token_label(enum scope scope)
{
	return token_labels[scope];
}

/* RFC 7512 section 2.3: what a path attribute's value may hold unescaped, but for reserved
 * characters that some readers stumble over.
 */
static char *escape_attribute(const char *text)
{
	return g_uri_escape_string(text, NULL, FALSE);
}

static char *uri_by_name(enum scope scope, const char *name)
{
	g_autofree char *token = escape_attribute(identity_token_label(scope));
	g_autofree char *object = escape_attribute(name);

	return g_strdup_printf("pkcs11:token=%s;object=%s", token, object);
}

static char *uri_by_id(enum scope scope, const struct record_bytes *id)
{
	g_autofree char *token = escape_attribute(identity_token_label(scope));
	g_autoptr(GString) uri = g_string_new(NULL);

	g_string_append_printf(uri, "pkcs11:token=%s;id=", token);
	for (size_t i = 0; i < id->length; i++)
		g_string_append_printf(uri, "%%%02X", id->data[i]);
	return g_string_free(g_steal_pointer(&uri), FALSE);
}

/* Stands for more than one record. */
static const struct record several;

static void call(GHashTable *called, const char *label, const struct record *record)
{
	const struct record *other = g_hash_table_lookup(called, label);

	g_hash_table_insert(called, (gpointer)label,
			    (gpointer)(other && other != record ? &several : record));
}

GHashTable *identity_called(const struct record_list *records)
{
	GHashTable *called = g_hash_table_new(g_str_hash, g_str_equal);

	for (size_t i = 0; i < records->count; i++) {
		const struct record *record = &records->records[i];

		/* Keys that are called as their identity is have a name that is nobody else's. */
		if (!record_has_key(record) || !(record->key_label || record->public_key_label))
			continue;
		call(called, record_key_label(record), record);
		call(called, record_public_key_label(record), record);
	}
	return called;
}

static bool name_finds_the_key(GHashTable *called, const struct record *record, const char *name)
{
	const struct record *other = called ? g_hash_table_lookup(called, name) : NULL;

	/* A key that has no label of its own goes by the name, also by a new one. */
	if (record_has_key(record) && record->key_label && strcmp(record->key_label, name) != 0)
		return false;
	return !other || other == record;
}

char *identity_uri(enum scope scope, GHashTable *called, const struct record *record,
		   const char *name)
{
	return !record || name_finds_the_key(called, record, name) ? uri_by_name(scope, name)
								   : uri_by_id(scope, &record->id);
}

char *identity_uri_now(enum scope scope, const char *name)
{
	g_autoptr(GHashTable) called = NULL;
	const struct record *found = NULL;
	struct record_list records;
	char folder[PATH_BUFFER], *uri;

	if (!path_data(scope, folder) ||
	    record_load_folder(folder, &records, NULL, NULL) != DEVID_OK)
		return uri_by_name(scope, name);
	for (size_t i = 0; i < records.count; i++)
		if (strcmp(records.records[i].label, name) == 0)
			found = &records.records[i];
	called = identity_called(&records);
	uri = identity_uri(scope, called, found, name);
	record_list_clear(&records);
	return uri;
}

/* The form that is printed, and the other, which may have been before another tool gave a key its
 * label. */
static GStrv forms(const struct identity *identity)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	g_autofree char *by_name = uri_by_name(identity->scope, identity->record->label);
	g_autofree char *by_id = uri_by_id(identity->scope, &identity->record->id);

	g_strv_builder_add(builder, identity->foreign ? identity->uri : by_name);
	if (!identity->foreign)
		g_strv_builder_add(builder, by_id);
	return g_strv_builder_end(builder);
}

bool identity_has_uri(const struct identity *identity, const char *word)
{
	g_auto(GStrv) uris = g_str_has_prefix(word, "pkcs11:") ? forms(identity) : NULL;

	return uris && g_strv_contains((const char *const *)uris, word);
}

bool identity_uri_is_in(const struct identity *identity, const char *text)
{
	g_auto(GStrv) uris = forms(identity);

	for (size_t i = 0; uris[i] != NULL; i++)
		if (strstr(text, uris[i]))
			return true;
	return false;
}
