/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A record's values to its text. Each text is read back before it is believed. */
#include <string.h>
#include "base/error.h"
#include "record-write.h"

#define PEM_COLUMNS 64

static void append_hex(GString *text, const char *name, const uint8_t *data, size_t length)
{
	g_string_append_printf(text, "%s: ", name);
	for (size_t i = 0; i < length; i++)
		g_string_append_printf(text, "%02x", data[i]);
	g_string_append_c(text, '\n');
}

static void append_value(GString *text, const char *name, const char *value)
{
	g_string_append_printf(text, "%s: %s\n", name, value);
}

static void append_pem(GString *text, const struct record_bytes *der)
{
	g_autofree char *base64 = g_base64_encode(der->data, der->length);
	size_t length = strlen(base64);

	g_string_append(text, "-----BEGIN CERTIFICATE-----\n");
	for (size_t at = 0; at < length; at += PEM_COLUMNS) {
		g_string_append_len(text, base64 + at, (gssize)MIN(PEM_COLUMNS, length - at));
		g_string_append_c(text, '\n');
	}
	g_string_append(text, "-----END CERTIFICATE-----\n");
}

static void append_header(GString *text, const struct record *record)
{
	g_autofree char *spki = g_base64_encode(record->spki.data, record->spki.length);

	append_value(text, "Devid-Identity", "1");
	append_value(text, "Label", record->label);
	if (record->key_label)
		append_value(text, "Key-Label", record->key_label);
	if (record->public_key_label)
		append_value(text, "Public-Key-Label", record->public_key_label);
	append_hex(text, "ID", record->id.data, record->id.length);
	append_value(text, "Store", record->store);
	append_hex(text, "SPKI-SHA256", record->spki_hash, sizeof(record->spki_hash));
	append_value(text, "SPKI", spki);
	append_value(text, "Imported", record->imported);
	if (record->size_accepted)
		append_value(text, "Size-Accepted", "yes");
	if (record->local)
		append_value(text, "Local", "yes");
	if (record->no_pss)
		append_value(text, "PSS", "no");
	if (record->auth)
		append_value(text, "Auth", record->auth);
	if (record->renews)
		append_value(text, "Renews", record->renews);
	if (record->until)
		append_value(text, "Until", record->until);
	if (record->leaf.length > 0)
		append_hex(text, "Check-Value", record->check_value, sizeof(record->check_value));
	else
		append_value(text, "Leaf", "no");
	for (size_t i = 0; i < record->chain_count; i++) {
		const struct record_chain *link = &record->chain[i];

		append_hex(text, "Chain-ID", link->id.data, link->id.length);
		append_value(text, "Chain-Label", link->label);
		append_hex(text, "Chain-Check-Value", link->check_value, sizeof(link->check_value));
	}
	g_string_append_c(text, '\n');
}

static bool same_bytes(const struct record_bytes *a, const struct record_bytes *b)
{
	return a->length == b->length &&
	       (a->length == 0 || memcmp(a->data, b->data, a->length) == 0);
}

static bool same_labels(const struct record *a, const struct record *b)
{
	return g_str_equal(a->label, b->label) && g_strcmp0(a->key_label, b->key_label) == 0 &&
	       g_strcmp0(a->public_key_label, b->public_key_label) == 0;
}

static bool same_record(const struct record *a, const struct record *b)
{
	bool same = same_labels(a, b) && same_bytes(&a->id, &b->id) &&
		    g_str_equal(a->store, b->store) && same_bytes(&a->spki, &b->spki) &&
		    memcmp(a->spki_hash, b->spki_hash, sizeof(a->spki_hash)) == 0 &&
		    g_str_equal(a->imported, b->imported) && a->size_accepted == b->size_accepted &&
		    a->local == b->local && a->no_pss == b->no_pss &&
		    g_strcmp0(a->auth, b->auth) == 0 && g_strcmp0(a->renews, b->renews) == 0 &&
		    g_strcmp0(a->until, b->until) == 0 && same_bytes(&a->leaf, &b->leaf) &&
		    a->chain_count == b->chain_count;

	for (size_t i = 0; same && i < a->chain_count; i++)
		same = same_bytes(&a->chain[i].certificate, &b->chain[i].certificate) &&
		       same_bytes(&a->chain[i].id, &b->chain[i].id) &&
		       g_str_equal(a->chain[i].label, b->chain[i].label);
	return same;
}

GBytes *record_format(const struct record *record, GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);
	struct record back;
	enum devid_result result;
	unsigned line = 0;
	bool same;

	append_header(text, record);
	if (record->leaf.length > 0)
		append_pem(text, &record->leaf);
	for (size_t i = 0; i < record->chain_count; i++)
		append_pem(text, &record->chain[i].certificate);

	result = record_parse(text->str, text->len, &back, &line);
	same = result == DEVID_OK && same_record(record, &back);
	if (result == DEVID_OK)
		record_clear(&back);
	if (!same)
		return devid_error_null(
			error, result == DEVID_NO_MEMORY ? result : DEVID_BAD_DATA, NULL, NULL,
			"identity: its record could not be read back (line %u)", line);
	return g_string_free_to_bytes(g_steal_pointer(&text));
}
