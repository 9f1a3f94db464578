/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a signature is made with: one record, its certificates parsed. */
#include <string.h>
#include "agent/store/store.h"
#include "base/certificate.h"
#include "former.h"
#include "subject.h"

struct subject *subject_ref(struct subject *subject)
{
	g_atomic_ref_count_inc(&subject->references);
	return subject;
}

void subject_unref(struct subject *subject)
{
	if (!subject || !g_atomic_ref_count_dec(&subject->references))
		return;
	for (guint i = 0; i < subject->chain_count; i++)
		gnutls_x509_crt_deinit(subject->chain[i]);
	g_free(subject->chain);
	g_free(subject->label);
	g_bytes_unref(subject->spki);
	g_clear_pointer(&subject->leaf, g_bytes_unref);
	g_free(subject);
}

static bool chain_add(struct subject *subject, const struct record_bytes *der)
{
	gnutls_x509_crt_t certificate = certificate_from_der(der->data, der->length);

	if (certificate)
		subject->chain[subject->chain_count++] = certificate;
	return certificate != NULL;
}

struct subject *subject_new(const struct record *record)
{
	struct subject *subject = g_new0(struct subject, 1);

	g_atomic_ref_count_init(&subject->references);
	memcpy(subject->spki_hash, record->spki_hash, WIRE_SPKI_HASH);
	hex_encode(record->spki_hash, WIRE_SPKI_HASH, subject->spki_hash_hex);
	subject->label = g_strdup(record->label);
	/* A text that can't be read ends it at once. */
	subject->until = record->until ? MAX(former_end(record), 1) : 0;
	subject->store = store_find(record->store);
	subject->spki = g_bytes_new(record->spki.data, record->spki.length);
	subject->chain = g_new0(gnutls_x509_crt_t, record->chain_count + 1);
	if (record->leaf.length > 0)
		subject->leaf = g_bytes_new(record->leaf.data, record->leaf.length);
	/* Without its leaf, or with one that can't be read, the identity fails its check. */
	if (record->leaf.length > 0 && chain_add(subject, &record->leaf))
		for (size_t i = 0; i < record->chain_count; i++)
			(void)chain_add(subject, &record->chain[i].certificate);
	return subject;
}

guint subject_key_hash(gconstpointer spki_hash)
{
	guint value;

	memcpy(&value, spki_hash, sizeof(value));
	return value;
}

gboolean subject_key_equal(gconstpointer a, gconstpointer b)
{
	return memcmp(a, b, WIRE_SPKI_HASH) == 0;
}
